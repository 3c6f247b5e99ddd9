//! The table of formats.

use serde::{Deserialize, Serialize};

use super::flow_logs::Catalogue;
use super::log::Log;
use super::{
    alb, alb_connection, cloudfront, cloudtrail, elb, network_firewall, nlb, resolver, s3_access,
    tgw_flow_logs, vpc_flow_logs, waf,
};

/// How a format makes columns of a message.
pub(super) enum Kind {
    /// The fields of flow logs that the user names.
    FlowLogs(&'static Catalogue),
    /// Flows that become VPC flow logs.
    Skydive,
    /// The columns of a log of AWS.
    Log(&'static dyn Log),
    Regex,
    Message,
}

/// The folders that Firehose writes into
/// (<https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html>).
const FIREHOSE: &str = "{yyyy}/{MM}/{dd}/{HH}";

macro_rules! formats {
    ($($variant:ident = $name:literal, $kind:expr, $about:literal;)*) => {
        /// The name of a format, which makes columns of a message.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum FormatName {
            $(#[doc = $about] #[serde(rename = $name)] $variant,)*
        }

        impl FormatName {
            /// Every format.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Returns the format's name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Returns what the format is for.
            pub fn about(self) -> &'static str {
                match self {
                    $(Self::$variant => $about,)*
                }
            }

            pub(super) fn kind(self) -> Kind {
                match self {
                    $(Self::$variant => $kind,)*
                }
            }
        }
    };
}

formats! {
    VpcFlowLogs = "vpc-flow-logs", Kind::FlowLogs(&vpc_flow_logs::CATALOGUE), "VPC flow logs: fields separated by spaces (the default)";
    TgwFlowLogs = "tgw-flow-logs", Kind::FlowLogs(&tgw_flow_logs::CATALOGUE), "Transit gateway flow logs";
    Alb = "alb", Kind::Log(&alb::LOG), "Access logs of Application Load Balancers";
    AlbConnection = "alb-connection", Kind::Log(&alb_connection::LOG), "Connection logs of Application Load Balancers";
    Nlb = "nlb", Kind::Log(&nlb::LOG), "Access logs of Network Load Balancers";
    Elb = "elb", Kind::Log(&elb::LOG), "Access logs of Classic Load Balancers";
    S3Access = "s3-access", Kind::Log(&s3_access::LOG), "Server access logs of S3";
    CloudFront = "cloudfront", Kind::Log(&cloudfront::LOG), "Standard logs of CloudFront";
    CloudTrail = "cloudtrail", Kind::Log(&cloudtrail::LOG), "Events of CloudTrail";
    Waf = "waf", Kind::Log(&waf::LOG), "Logs of WAF";
    Resolver = "resolver", Kind::Log(&resolver::LOG), "Query logs of Route 53 Resolver";
    NetworkFirewall = "network-firewall", Kind::Log(&network_firewall::LOG), "Alerts and flows of Network Firewall";
    Skydive = "skydive", Kind::Skydive, "Flows that Skydive exports, as VPC flow logs: one for each direction";
    Regex = "regex", Kind::Regex, "One column for each named group of --message-regex";
    Message = "message", Kind::Message, "One column with the whole message";
}

impl FormatName {
    /// Whether its records are flow logs.
    pub fn is_flow_logs(self) -> bool {
        matches!(self.kind(), Kind::FlowLogs(_) | Kind::Skydive)
    }

    /// Whether the user may name the fields of its records.
    pub fn has_named_fields(self) -> bool {
        self.catalogue().is_some()
    }

    /// Whether its columns are those of a log of AWS, and do not depend on other options.
    pub fn has_fixed_columns(self) -> bool {
        matches!(self.kind(), Kind::Log(_))
    }

    /// The folders of the keys that are usual for it, as a layout: of a log of AWS its own, else
    /// Firehose's. `None` if there is no folder for each day, and only names of objects have the day.
    pub fn key_folders(self) -> Option<&'static str> {
        match self.kind() {
            Kind::Log(log) => log.key_folders(),
            _ => Some(FIREHOSE),
        }
    }

    /// The catalogue of fields of a format that has one.
    pub(super) fn catalogue(self) -> Option<&'static Catalogue> {
        match self.kind() {
            Kind::FlowLogs(catalogue) => Some(catalogue),
            _ => None,
        }
    }
}
