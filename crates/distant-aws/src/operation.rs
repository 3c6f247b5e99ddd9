//! The operations of AWS that are known here, by their names in its API.

use hyper::Method;
use serde::Serialize;

use crate::refusal::Refusal;
use crate::request::Head;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) enum Operation {
    AbortMultipartUpload,
    CompleteMultipartUpload,
    CopyObject,
    CreateBucket,
    CreateMultipartUpload,
    GetObject,
    HeadObject,
    ListMultipartUploads,
    ListObjectsV2,
    PutObject,
    UploadPart,

    CreateQueue,
    DeleteMessage,
    GetQueueAttributes,
    ReceiveMessage,
    SendMessageBatch,
}

impl Operation {
    /// What a request asks for: of SQS by a header, of S3 by its method, path and query.
    pub(crate) fn of(head: &Head) -> Result<Self, Refusal> {
        if let Some(target) = head.header("x-amz-target") {
            return match target {
                "AmazonSQS.CreateQueue" => Ok(Self::CreateQueue),
                "AmazonSQS.DeleteMessage" => Ok(Self::DeleteMessage),
                "AmazonSQS.GetQueueAttributes" => Ok(Self::GetQueueAttributes),
                "AmazonSQS.ReceiveMessage" => Ok(Self::ReceiveMessage),
                "AmazonSQS.SendMessageBatch" => Ok(Self::SendMessageBatch),
                _ => Err(Refusal::not_implemented()),
            };
        }
        let has = |name| head.parameter(name).is_some();
        let of_object = !head.key.is_empty();
        let of_upload = has("uploadId");
        let is_copy = head.copy_source().is_some();
        Ok(match head.method {
            Method::GET if of_object && !of_upload => Self::GetObject,
            Method::GET if has("uploads") => Self::ListMultipartUploads,
            Method::GET if head.parameter("list-type") == Some("2") => Self::ListObjectsV2,
            Method::HEAD if of_object => Self::HeadObject,
            Method::PUT if of_upload => Self::UploadPart,
            Method::PUT if of_object && is_copy => Self::CopyObject,
            Method::PUT if of_object => Self::PutObject,
            Method::PUT => Self::CreateBucket,
            Method::POST if of_upload => Self::CompleteMultipartUpload,
            Method::POST if has("uploads") => Self::CreateMultipartUpload,
            Method::DELETE if of_upload => Self::AbortMultipartUpload,
            _ => return Err(Refusal::not_implemented()),
        })
    }

    /// Whether SQS has it, and not S3.
    pub(crate) fn is_of_sqs(self) -> bool {
        matches!(
            self,
            Self::CreateQueue
                | Self::DeleteMessage
                | Self::GetQueueAttributes
                | Self::ReceiveMessage
                | Self::SendMessageBatch
        )
    }
}
