//! Why a request is not done: one value, whatever the step.

use http::header::HeaderName;
use http::{HeaderValue, StatusCode};
use naru_access::Denial;
use naru_codes::Cause;
use naru_oci::{DigestError, ErrorCode, ManifestError, ReferenceError, RepositoryNameError};
use naru_store::{StoreError, UploadError};
use serde_json::{Value, json};

/// Why a request is not done.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The gate refused it.
    Denied(Box<Denial>),
    /// It cannot be done as it was asked, or what it asks for is not there.
    Refused(Box<Refused>),
    /// The store cannot.
    Store(StoreError),
}

/// A request that cannot be done as it was asked.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    pub(crate) code: ErrorCode,
    /// Its cause, where the catalogue has one for it.
    pub(crate) cause: Option<Cause>,
    pub(crate) message: String,
    pub(crate) detail: Value,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Refused {
    pub(crate) fn new(status: StatusCode, code: ErrorCode, message: impl Into<String>) -> Self {
        let (message, detail) = (message.into(), json!({}));
        Self { status, code, cause: None, message, detail, headers: Vec::new() }
    }

    /// The request's shape is wrong.
    pub(crate) fn invalid(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// Nothing more came of the body for longer than is allowed.
    pub(crate) fn stalled() -> Self {
        let message = "nothing came of the body for too long: send it again";
        Self::new(StatusCode::REQUEST_TIMEOUT, ErrorCode::RequestInvalid, message)
    }

    /// What it asks for is not there.
    pub(crate) fn missing(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    #[must_use]
    pub(crate) fn with_cause(mut self, cause: Cause) -> Self {
        self.cause = Some(cause);
        self
    }

    #[must_use]
    pub(crate) fn with_detail(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }

    #[must_use]
    pub(crate) fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        Self::Denied(Box::new(denial))
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        Self::Refused(Box::new(refused))
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<RepositoryNameError> for Refused {
    fn from(error: RepositoryNameError) -> Self {
        Self::invalid(ErrorCode::NameInvalid, error.to_string())
            .with_cause(Cause::NameRepositoryInvalid)
    }
}

impl From<DigestError> for Refused {
    fn from(error: DigestError) -> Self {
        Self::invalid(ErrorCode::DigestInvalid, error.to_string())
    }
}

impl From<ReferenceError> for Refused {
    fn from(error: ReferenceError) -> Self {
        let code = match error {
            ReferenceError::Tag => ErrorCode::TagInvalid,
            ReferenceError::Digest(_) => ErrorCode::DigestInvalid,
        };
        Self::invalid(code, error.to_string())
    }
}

impl From<ManifestError> for Refused {
    fn from(error: ManifestError) -> Self {
        Self::invalid(ErrorCode::ManifestInvalid, error.to_string())
    }
}

impl From<UploadError> for Refusal {
    fn from(error: UploadError) -> Self {
        use naru_store::SourceError;
        match error {
            UploadError::Unknown => upload_unknown().into(),
            UploadError::OutOfOrder(end) => {
                let message =
                    format!("the chunk does not start where the upload ends, at byte {end}");
                let status = StatusCode::RANGE_NOT_SATISFIABLE;
                let range = upload_range(end);
                let refused = Refused::new(status, ErrorCode::BlobUploadInvalid, message);
                refused.with_header(http::header::RANGE, &range).into()
            }
            UploadError::Source(SourceError::Broken) => {
                Refused::invalid(ErrorCode::BlobUploadInvalid, "the content ended before its end")
                    .into()
            }
            UploadError::Source(SourceError::Stalled) => Refused::stalled().into(),
            UploadError::Source(SourceError::Size) => {
                let message = "the content is not of the size that was announced";
                Refused::invalid(ErrorCode::SizeInvalid, message).into()
            }
            UploadError::Store(error) => Self::Store(error),
            UploadError::Digest => {
                let message = "the content has another digest than the one given";
                Refused::invalid(ErrorCode::DigestInvalid, message).into()
            }
            UploadError::Locked => locked(),
            UploadError::TooMany => {
                Self::Store(StoreError::Unavailable("too many uploads are open".to_owned()))
            }
        }
    }
}

/// A lock forbids it, whoever asks. The words are Azure's, which its tools know.
pub(crate) fn locked() -> Refusal {
    let message = "The operation is disallowed on this registry, repository or image. View \
                   troubleshooting steps at https://aka.ms/acr/faq/#why-does-my-pull-or-push-request-fail-with-disallowed-operation";
    let status = StatusCode::METHOD_NOT_ALLOWED;
    Refused::new(status, ErrorCode::RegistryDisallowedOperation, message)
        .with_cause(Cause::RegistryLocked)
        .into()
}

/// There is no such upload, for this caller in this repository.
pub(crate) fn upload_unknown() -> Refused {
    Refused::missing(ErrorCode::BlobUploadUnknown, "there is no such upload here: begin another")
}

/// How far an upload is, as `Range` says it.
pub(crate) fn upload_range(received: u64) -> String {
    format!("0-{}", received.saturating_sub(1))
}
