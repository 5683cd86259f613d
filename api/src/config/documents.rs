//! What may be asked of GraphQL, beside the caps.

use serde::Deserialize;

/// Which documents are executed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Documents {
    /// Any that keeps to the caps.
    #[default]
    Any,
    /// Those that are made of the committed operations: `frontend-schema/operations`.
    Listed,
}

/// Who may ask what the schema is. `/schema.graphql` says the same to everybody, at no cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Introspection {
    /// Everybody.
    #[default]
    Everybody,
    /// Who has signed in.
    Staff,
    /// Nobody.
    Nobody,
}

impl Documents {
    /// The name in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Listed => "listed",
        }
    }
}

impl Introspection {
    /// The name in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Everybody => "everybody",
            Self::Staff => "staff",
            Self::Nobody => "nobody",
        }
    }
}
