//! What is checked of a document before it is executed: first its bytes, then its shape. Both take linear time.
//!
//! async-graphql walks a fragment again at every spread, and its parser recurses into brackets: 1 KB of nested fragments
//! is 2^30 visits, 1 KB of brackets ends a process. So [`lex`] looks at the bytes without recursion, and [`cost`]
//! counts each fragment once, and [`keys`] looks for fields that stand twice. What introspection comes to is [`introspection`]'s. List sizes are not seen here: resolvers multiply by `first` (`complexity`).
//!
//! Start at [`KeptDocuments::admit`], which spares who asks again.
//!
//! Invariant: nothing is parsed whose bytes were not admitted, nothing executed whose shape was not.

mod cost;
mod introspection;
mod kept;
mod keys;
mod lex;
mod listed;
mod select;

use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::{Pos, ServerError};
use serde_json::{Map, Value};

use super::error::{Code, request_error};
use crate::config::DocumentLimits;

pub use kept::KeptDocuments;
pub use listed::ListedDocuments;

/// A document that may be executed, and the operation of it that was asked for.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// The document, parsed once, with the operation that was asked for and what it uses.
    pub document: ExecutableDocument,
    /// The kind of the operation that was asked for.
    pub kind: OperationType,
    /// Whether it, or another operation of the document, asks what the schema is.
    pub introspects: Introspects,
}

/// Whether a document asks what the schema is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Introspects {
    /// It does.
    Yes,
    /// It asks for data only; `__typename` is data.
    No,
}

/// Checks a document and finds the operation that was asked for.
///
/// # Errors
/// The first thing that is wrong with it, as a request error.
pub fn admit(
    source: &str,
    operation_name: Option<&str>,
    variables: Option<&Map<String, Value>>,
    limits: &DocumentLimits,
) -> Result<Admitted, ServerError> {
    lex::check(source, limits).map_err(too_much)?;
    keys::check(source)?;
    let mut document = async_graphql::parser::parse_query(source).map_err(|error| syntax_error(&error))?;
    let introspects = cost::check(&document, limits).map_err(too_much)?;
    let operation = chosen(&document, operation_name)?;
    complete(operation, variables)?;
    let kind = operation.ty;
    select::keep_only(&mut document, operation_name);
    Ok(Admitted { document, kind, introspects })
}

/// A variable that is needed and not given is an error of the request; async-graphql would make it one of each field.
fn complete(operation: &OperationDefinition, given: Option<&Map<String, Value>>) -> Result<(), ServerError> {
    for definition in &operation.variable_definitions {
        let (name, at) = (definition.node.name.node.as_str(), definition.pos);
        let needed = !definition.node.var_type.node.nullable;
        let missing = match given.and_then(|given| given.get(name)) {
            None => definition.node.default_value.is_none(),
            Some(value) => value.is_null(),
        };
        if needed && missing {
            let message = format!("the variable ${name} must be given and must not be null");
            return Err(request_error(Code::GraphqlValidationFailed, message, Some(at)));
        }
    }
    Ok(())
}

fn chosen<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a OperationDefinition, ServerError> {
    let mut operations = document.operations.iter();
    let unclear = |message: &str| request_error(Code::GraphqlValidationFailed, message.to_owned(), None);
    match (name, operations.next(), operations.next()) {
        (None, Some((_, only)), None) => Ok(&only.node),
        (None, _, _) => {
            Err(unclear("the document has several operations; operationName must say which one is asked for"))
        }
        (Some(name), ..) => {
            let found =
                document.operations.iter().find(|(known, _)| known.is_some_and(|known| known == name));
            let message = "the document has no operation with the name that operationName gives";
            found.map(|(_, operation)| &operation.node).ok_or_else(|| unclear(message))
        }
    }
}

fn too_much(problem: TooMuch) -> ServerError {
    let code = match problem {
        TooMuch::Unclosed { .. } => Code::GraphqlParseFailed,
        _ => Code::DocumentRefused,
    };
    request_error(code, problem.to_string(), problem.position())
}

/// The parser's own message quotes the whole line, however long.
fn syntax_error(error: &async_graphql::parser::Error) -> ServerError {
    use async_graphql::parser::Error::{MissingOperation, RecursionLimitExceeded, Syntax};
    let position = error.positions().next();
    let place = position.map(|at| format!(" at line {}, column {}", at.line, at.column)).unwrap_or_default();
    let message = match error {
        Syntax { .. } => format!("the document is not GraphQL{place}"),
        MissingOperation => "the document has no operation".to_owned(),
        RecursionLimitExceeded => "the document nests too deep".to_owned(),
        _ => format!("the document defines an operation or a fragment twice{place}"),
    };
    request_error(Code::GraphqlParseFailed, message, position)
}

/// Why a document was refused without being executed.
#[derive(Clone, Copy, PartialEq, Debug, thiserror::Error)]
enum TooMuch {
    #[error("the document has {got} {what}; {allowed} are allowed")]
    Count { what: &'static str, got: u64, allowed: u64, at: Option<Pos> },
    #[error("the document nests brackets more than {allowed} deep")]
    Nesting { allowed: usize, at: Pos },
    #[error("a fragment contains itself")]
    Cycle { at: Pos },
    #[error("the document is not GraphQL at line {}, column {}: a block string is not closed", at.line, at.column)]
    Unclosed { at: Pos },
}

impl TooMuch {
    fn position(self) -> Option<Pos> {
        match self {
            Self::Count { at, .. } => at,
            Self::Nesting { at, .. } | Self::Cycle { at } | Self::Unclosed { at } => Some(at),
        }
    }
}

#[cfg(test)]
mod tests;
