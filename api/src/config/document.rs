//! Caps on a GraphQL document. A file of its own, since the fuzz target of the door takes it in without the rest.

/// What a document may come to before it is executed; by default ten times what the dashboard asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DocumentLimits {
    /// Bytes.
    pub bytes: usize,
    /// Tokens.
    pub tokens: usize,
    /// How deep brackets of any kind may nest.
    pub nesting: usize,
    /// How deep fields may nest, fragments opened.
    pub depth: u64,
    /// Fields, fragments opened, over all operations.
    pub fields: u64,
    /// Aliases, fragments opened.
    pub aliases: u64,
    /// Directives, fragments opened.
    pub directives: u64,
    /// Fragments.
    pub fragments: usize,
    /// Operations.
    pub operations: usize,
    /// Arguments of one field or directive.
    pub arguments: usize,
    /// Fields times the `first` of the lists that they stand in.
    pub complexity: usize,
}
