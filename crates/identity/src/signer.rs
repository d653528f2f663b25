//! Signing: the key is read once, since that takes several times as long as signing with it.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header};
use serde::Serialize;

use crate::keys::KeyError;

/// A private key, ready to sign.
pub(crate) enum PrivateKey {
    /// For ES256.
    Ecdsa(EcdsaKeyPair),
    /// For RS256.
    Rsa(RsaKeyPair),
}

/// A private key with the head of the tokens that it signs.
pub(crate) struct Signer {
    /// Encoded as it stands in a token.
    head: String,
    key: PrivateKey,
}

impl Signer {
    /// The signer of a key that has this id.
    pub(crate) fn new(key: PrivateKey, id: &str) -> Result<Self, KeyError> {
        let algorithm = match &key {
            PrivateKey::Ecdsa(_) => Algorithm::ES256,
            PrivateKey::Rsa(_) => Algorithm::RS256,
        };
        let header = Header { kid: Some(id.to_owned()), ..Header::new(algorithm) };
        let head = serde_json::to_vec(&header).map_err(|_| KeyError::Malformed)?;
        Ok(Self { head: URL_SAFE_NO_PAD.encode(head), key })
    }

    /// A token with these claims, in its compact form (RFC 7515, section 3.1).
    pub(crate) fn token(&self, claims: &impl Serialize) -> Result<String, KeyError> {
        let claims = serde_json::to_vec(claims).map_err(|_| KeyError::Malformed)?;
        let mut token = self.head.clone();
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = self.signature(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let random = SystemRandom::new();
        match &self.key {
            PrivateKey::Ecdsa(pair) => {
                let signature = pair.sign(&random, message).map_err(|_| KeyError::Malformed)?;
                Ok(signature.as_ref().to_vec())
            }
            PrivateKey::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(|_| KeyError::Malformed)?;
                Ok(signature)
            }
        }
    }
}
