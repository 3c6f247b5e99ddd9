//! The format `cloudtrail`: events of CloudTrail.

use super::json_log::{JsonLog, member, required};
use crate::schema::FieldKind::{Json, Text, Timestamp};

/// The names are those of AWS's own table
/// (<https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table.html>).
///
/// Digests are a chain of hashes, and events of Insights have other members: both have folders of their own
/// beside that of the events
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-find-log-files.html>).
pub(super) const LOG: JsonLog = JsonLog {
    members: &[
        member("eventVersion", "eventversion", Text),
        member("userIdentity", "useridentity", Json),
        required("eventTime", "eventtime", Timestamp),
        member("eventSource", "eventsource", Text),
        required("eventName", "eventname", Text),
        member("awsRegion", "awsregion", Text),
        member("sourceIPAddress", "sourceipaddress", Text),
        member("userAgent", "useragent", Text),
        member("errorCode", "errorcode", Text),
        member("errorMessage", "errormessage", Text),
        member("requestParameters", "requestparameters", Json),
        member("responseElements", "responseelements", Json),
        member("additionalEventData", "additionaleventdata", Json),
        member("requestID", "requestid", Text),
        member("eventID", "eventid", Text),
        member("readOnly", "readonly", Text),
        member("resources", "resources", Json),
        member("eventType", "eventtype", Text),
        member("apiVersion", "apiversion", Text),
        member("managementEvent", "managementevent", Text),
        member("recipientAccountId", "recipientaccountid", Text),
        member("sharedEventID", "sharedeventid", Text),
        member("vpcEndpointId", "vpcendpointid", Text),
        member("vpcEndpointAccountId", "vpcendpointaccountid", Text),
        member("serviceEventDetails", "serviceeventdetails", Json),
        member("eventCategory", "eventcategory", Text),
        member("addendum", "addendum", Json),
        member("tlsDetails", "tlsdetails", Json),
        member("edgeDeviceDetails", "edgedevicedetails", Json),
        member("eventContext", "eventcontext", Json),
        member(
            "sessionCredentialFromConsole",
            "sessioncredentialfromconsole",
            Text,
        ),
    ],
    time: "eventtime",
    in_array: true,
    others: &[
        ("insightDetails", "cloudtrail-insight"),
        ("digestS3Bucket", "cloudtrail-digest"),
    ],
    folders: "AWSLogs/{account}/CloudTrail/{region}/{yyyy}/{MM}/{dd}",
    fact: "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html",
};
