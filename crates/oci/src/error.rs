//! The error envelope of the registry API (OCI distribution specification, "Error codes"), with
//! the codes that Azure and the field add to it.

use serde::Serialize;
use serde_json::Value;

macro_rules! error_codes {
    ($( $(#[doc = $doc:literal])+ $name:ident = $code:literal; )+) => {
        /// What `code` says in an error body.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ErrorCode { $( $(#[doc = $doc])+ $name, )+ }

        impl ErrorCode {
            /// The code on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }
        }
    };
}

error_codes! {
    /// The blob is not in this repository.
    BlobUnknown = "BLOB_UNKNOWN";
    /// The upload cannot go on like this.
    BlobUploadInvalid = "BLOB_UPLOAD_INVALID";
    /// There is no such upload, for this caller in this repository.
    BlobUploadUnknown = "BLOB_UPLOAD_UNKNOWN";
    /// The caller is known, and may not.
    Denied = "DENIED";
    /// The digest is not one, or not that of the content.
    DigestInvalid = "DIGEST_INVALID";
    /// The manifest names a blob or manifest that is not in this repository.
    ManifestBlobUnknown = "MANIFEST_BLOB_UNKNOWN";
    /// The manifest cannot be accepted.
    ManifestInvalid = "MANIFEST_INVALID";
    /// There is no such manifest in this repository.
    ManifestUnknown = "MANIFEST_UNKNOWN";
    /// The repository name is not legal.
    NameInvalid = "NAME_INVALID";
    /// There is no such repository, or no such path.
    NameUnknown = "NAME_UNKNOWN";
    /// `n` is not a number.
    PaginationNumberInvalid = "PAGINATION_NUMBER_INVALID";
    /// The range is not one that can be served or appended.
    RangeInvalid = "RANGE_INVALID";
    /// The operation is disallowed on this registry, repository or image.
    RegistryDisallowedOperation = "REGISTRY_DISALLOWED_OPERATION";
    /// The request cannot be understood.
    RequestInvalid = "REQUEST_INVALID";
    /// The content is larger than is allowed, or not of the announced size.
    SizeInvalid = "SIZE_INVALID";
    /// The tag is not legal.
    TagInvalid = "TAG_INVALID";
    /// There is no such tag in this repository.
    TagUnknown = "TAG_UNKNOWN";
    /// Too many requests, or too many wrong guesses.
    TooManyRequests = "TOOMANYREQUESTS";
    /// Who is asking is not known, or not well enough.
    Unauthorized = "UNAUTHORIZED";
    /// The registry, or something it depends on, is not available.
    Unavailable = "UNAVAILABLE";
    /// The operation or method is not supported.
    Unsupported = "UNSUPPORTED";
}

/// One error.
#[derive(Clone, Debug, Serialize)]
pub struct ErrorEntry {
    /// What a program acts on.
    pub code: &'static str,
    /// What a person reads.
    pub message: String,
    /// More of what a program may use; an empty object where there is none.
    pub detail: Value,
}

/// The body of every refusal of the registry API.
#[derive(Clone, Debug, Serialize)]
pub struct Errors {
    /// The errors; this registry always sends one.
    pub errors: [ErrorEntry; 1],
}

impl Errors {
    /// The envelope around one error.
    pub fn one(code: ErrorCode, message: String, detail: Value) -> Self {
        Self { errors: [ErrorEntry { code: code.as_str(), message, detail }] }
    }
}
