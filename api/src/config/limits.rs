//! Caps on what one caller, one document or one file can make the server do: `[limits]` of `gridward.toml`.
//!
//! One list of them all: its key is the flag, the variable and the key of the file. A number outside its range is refused
//! with what is allowed; the upper ends are what was tried, or what a stack or a disk of today holds.

use std::collections::BTreeMap;

use geo_tools::formats::Caps;
use serde::Deserialize;

use super::{ConfigError, DocumentLimits};

/// Caps, checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// The largest body of a GraphQL request.
    pub body_bytes: usize,
    /// The largest body of an import over HTTP, as it is sent.
    pub import_bytes: usize,
    /// The largest message on a WebSocket.
    pub message_bytes: usize,
    /// Open WebSockets and streams of events.
    pub sockets: usize,
    /// Of these from one address, this machine's excepted.
    pub sockets_per_address: usize,
    /// Of these with tokens of one user.
    pub sockets_per_user: usize,
    /// Requests from one address in a minute, this machine's excepted.
    pub requests_per_address: u64,
    /// Requests and operations of one user in a minute.
    pub requests_per_user: u64,
    /// Addresses, and users, whose requests are counted one by one.
    pub callers_counted: usize,
    /// Events of a district that are kept, for who resumes after one.
    pub kept_events: u64,
    /// Operations that run at once.
    pub running_operations: usize,
    /// Operations that wait for their turn.
    pub waiting_operations: usize,
    /// Imports over HTTP at once.
    pub running_imports: usize,
    /// Subscriptions and queries under way on one WebSocket.
    pub operations_per_socket: usize,
    /// What a GraphQL document may come to before it is executed.
    pub document: DocumentLimits,
    /// What a file may hold that is imported.
    pub import: Caps,
}

macro_rules! limits {
    ($($heading:literal {
        $($(#[doc = $what:literal])+ $key:ident, $variable:literal, $default:literal, $least:literal to $most:literal;)+
    })+) => {
        /// Caps as they were set at one door. Every field is a flag, a variable `GRIDWARD_…` and a key of `[limits]`.
        #[derive(Clone, Copy, Debug, Default, Deserialize, clap::Args)]
        #[serde(deny_unknown_fields)]
        pub struct LimitOverrides {
            $($($(#[doc = $what])+
            #[doc = concat!(" [default: ", stringify!($default), "]")]
            #[arg(long, value_name = "NUMBER", help_heading = $heading, hide_short_help = true)]
            pub $key: Option<u64>,)+)+
        }

        /// A number for every cap.
        struct Numbers {
            $($($key: u64,)+)+
        }

        /// Every key with what it is by default, and the least and the most that it may be.
        #[cfg(test)]
        pub(super) const KEYS: &[(&str, &str, u64, u64, u64)] =
            &[$($((stringify!($key), $variable, $default, $least, $most),)+)+];

        impl LimitOverrides {
            pub(super) const VARIABLES: &[&str] = &[$($($variable,)+)+];

            /// These, and where they say nothing the others.
            pub(super) fn or(self, other: Self) -> Self {
                Self { $($($key: self.$key.or(other.$key),)+)+ }
            }

            /// Every key with the number that is in force.
            pub(super) fn in_force(&self) -> Vec<(&'static str, u64)> {
                vec![$($((stringify!($key), self.$key.unwrap_or($default)),)+)+]
            }

            pub(super) fn from_variables(variables: &BTreeMap<String, String>) -> Result<Self, ConfigError> {
                Ok(Self { $($($key: read(variables, $variable, $least, $most)?,)+)+ })
            }

            fn checked(self) -> Result<Numbers, ConfigError> {
                Ok(Numbers {
                    $($($key: in_range(stringify!($key), self.$key.unwrap_or($default), $least, $most)?,)+)+
                })
            }
        }
    };
}

limits! {
    "Caps on connections and operations" {
        /// The largest body of a GraphQL request, in bytes.
        max_body_bytes, "GRIDWARD_MAX_BODY_BYTES", 1048576, 1024 to 1073741824;
        /// The largest body of an import over HTTP, in bytes as they are sent.
        max_import_bytes, "GRIDWARD_MAX_IMPORT_BYTES", 268435456, 1024 to 1099511627776;
        /// The largest message on a WebSocket, in bytes.
        max_message_bytes, "GRIDWARD_MAX_MESSAGE_BYTES", 65536, 1024 to 16777216;
        /// Open WebSockets and streams of events.
        max_sockets, "GRIDWARD_MAX_SOCKETS", 20000, 1 to 1000000;
        /// Open WebSockets and streams of events from one address.
        max_address_sockets, "GRIDWARD_MAX_ADDRESS_SOCKETS", 2000, 1 to 1000000;
        /// Open WebSockets and streams of events of one user.
        max_user_sockets, "GRIDWARD_MAX_USER_SOCKETS", 200, 1 to 1000000;
        /// Requests from one address in a minute.
        max_address_requests, "GRIDWARD_MAX_ADDRESS_REQUESTS", 30000, 1 to 1000000000;
        /// Requests and operations of one user in a minute.
        max_user_requests, "GRIDWARD_MAX_USER_REQUESTS", 12000, 1 to 1000000000;
        /// Addresses, and users, whose requests are counted one by one; those beyond share one count.
        max_callers_counted, "GRIDWARD_MAX_CALLERS_COUNTED", 100000, 1 to 10000000;
        /// Events of a district that are kept, for who resumes after one.
        max_kept_events, "GRIDWARD_MAX_KEPT_EVENTS", 100000, 1 to 1000000000000;
        /// Queries and mutations that run at once.
        max_running_operations, "GRIDWARD_MAX_RUNNING_OPERATIONS", 256, 1 to 100000;
        /// Operations that wait for their turn.
        max_waiting_operations, "GRIDWARD_MAX_WAITING_OPERATIONS", 2048, 0 to 1000000;
        /// Imports over HTTP at once.
        max_running_imports, "GRIDWARD_MAX_RUNNING_IMPORTS", 8, 1 to 1000;
        /// Operations under way on one WebSocket.
        max_operations, "GRIDWARD_MAX_OPERATIONS", 20, 1 to 100000;
    }
    "Caps on GraphQL documents" {
        /// The largest GraphQL document, in bytes.
        max_document_bytes, "GRIDWARD_MAX_DOCUMENT_BYTES", 32768, 1024 to 1048576;
        /// Tokens of a document.
        max_document_tokens, "GRIDWARD_MAX_DOCUMENT_TOKENS", 4000, 100 to 200000;
        /// How deep brackets may nest in a document.
        max_document_nesting, "GRIDWARD_MAX_DOCUMENT_NESTING", 40, 10 to 100;
        /// How deep fields may nest in a document, fragments opened.
        max_document_depth, "GRIDWARD_MAX_DOCUMENT_DEPTH", 20, 3 to 60;
        /// Fields of a document, fragments opened.
        max_document_fields, "GRIDWARD_MAX_DOCUMENT_FIELDS", 2000, 20 to 100000;
        /// Aliases of a document, fragments opened.
        max_document_aliases, "GRIDWARD_MAX_DOCUMENT_ALIASES", 200, 0 to 10000;
        /// Directives of a document, fragments opened.
        max_document_directives, "GRIDWARD_MAX_DOCUMENT_DIRECTIVES", 100, 0 to 10000;
        /// Fragments of a document.
        max_document_fragments, "GRIDWARD_MAX_DOCUMENT_FRAGMENTS", 60, 0 to 200;
        /// Operations of a document.
        max_document_operations, "GRIDWARD_MAX_DOCUMENT_OPERATIONS", 20, 1 to 1000;
        /// Arguments of one field or directive.
        max_document_arguments, "GRIDWARD_MAX_DOCUMENT_ARGUMENTS", 100, 10 to 1000;
        /// Fields of an operation times the `first` of the lists that they stand in.
        max_complexity, "GRIDWARD_MAX_COMPLEXITY", 100000, 100 to 100000000;
    }
    "Caps on imported files" {
        /// Bytes of a file that is imported, counted after unpacking.
        max_file_bytes, "GRIDWARD_MAX_FILE_BYTES", 4294967296, 1024 to 1099511627776;
        /// Rows or features of a file.
        max_rows, "GRIDWARD_MAX_ROWS", 20000000, 1 to 1000000000;
        /// Positions of a file.
        max_positions, "GRIDWARD_MAX_POSITIONS", 200000000, 1 to 10000000000;
        /// Positions of one feature.
        max_feature_positions, "GRIDWARD_MAX_FEATURE_POSITIONS", 2000000, 4 to 100000000;
        /// How deep brackets may nest in a GeoJSON file.
        max_file_nesting, "GRIDWARD_MAX_FILE_NESTING", 64, 10 to 100;
        /// Bytes of one text, one feature's properties or one row of a file.
        max_text_bytes, "GRIDWARD_MAX_TEXT_BYTES", 262144, 1024 to 16777216;
        /// Bytes of a file that must be held whole to be read: a workbook, an archive, a GeoPackage.
        max_held_bytes, "GRIDWARD_MAX_HELD_BYTES", 134217728, 1024 to 17179869184;
    }
}

fn read(
    variables: &BTreeMap<String, String>,
    name: &str,
    least: u64,
    most: u64,
) -> Result<Option<u64>, ConfigError> {
    let Some(text) = variables.get(name) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| ConfigError::Value {
        name: name.to_owned(),
        problem: format!("{text:?} is no whole number; {least} to {most} is allowed"),
    })
}

fn in_range(name: &str, number: u64, least: u64, most: u64) -> Result<u64, ConfigError> {
    if (least..=most).contains(&number) {
        return Ok(number);
    }
    let problem = format!("it is {number}; {least} to {most} is allowed");
    Err(ConfigError::Value { name: name.to_owned(), problem })
}

/// As a size of this machine; what is more than it can count is without a limit here.
fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl Limits {
    /// The caps of a few overrides over the defaults.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for the first that is outside its range.
    pub fn from_overrides(given: LimitOverrides) -> Result<Self, ConfigError> {
        let numbers = given.checked()?;
        Ok(Self {
            body_bytes: size(numbers.max_body_bytes),
            import_bytes: size(numbers.max_import_bytes),
            message_bytes: size(numbers.max_message_bytes),
            sockets: size(numbers.max_sockets),
            sockets_per_address: size(numbers.max_address_sockets),
            sockets_per_user: size(numbers.max_user_sockets),
            requests_per_address: numbers.max_address_requests,
            requests_per_user: numbers.max_user_requests,
            callers_counted: size(numbers.max_callers_counted),
            kept_events: numbers.max_kept_events,
            running_operations: size(numbers.max_running_operations),
            waiting_operations: size(numbers.max_waiting_operations),
            running_imports: size(numbers.max_running_imports),
            operations_per_socket: size(numbers.max_operations),
            document: DocumentLimits {
                bytes: size(numbers.max_document_bytes),
                tokens: size(numbers.max_document_tokens),
                nesting: size(numbers.max_document_nesting),
                depth: numbers.max_document_depth,
                fields: numbers.max_document_fields,
                aliases: numbers.max_document_aliases,
                directives: numbers.max_document_directives,
                fragments: size(numbers.max_document_fragments),
                operations: size(numbers.max_document_operations),
                arguments: size(numbers.max_document_arguments),
                complexity: size(numbers.max_complexity),
            },
            import: Caps {
                max_bytes: numbers.max_file_bytes,
                max_features: size(numbers.max_rows),
                max_positions: size(numbers.max_positions),
                max_feature_positions: size(numbers.max_feature_positions),
                max_depth: size(numbers.max_file_nesting),
                max_text_bytes: size(numbers.max_text_bytes),
                max_held_bytes: numbers.max_held_bytes,
                // Problems are counted as they come and not held: there may be as many as there are rows.
                max_problems: usize::MAX,
            },
        })
    }
}

impl Default for Limits {
    #[expect(clippy::expect_used, reason = "a test holds every default to its range")]
    fn default() -> Self {
        Self::from_overrides(LimitOverrides::default()).expect("the defaults are in their ranges")
    }
}

impl Default for DocumentLimits {
    fn default() -> Self {
        Limits::default().document
    }
}
