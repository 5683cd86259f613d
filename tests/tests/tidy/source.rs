//! The repository's files as the rules read them: text, tokens, the names that a Rust file mentions.
//!
//! Start at [`repository`]. What a rule thinks of a file stands in the other modules.
//!
//! Invariant: a name comes out resolved (`use … as`, `super`, `self`), so that no rule has to guess.

use std::{
    cell::OnceCell,
    collections::HashMap,
    fmt,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    process::Command,
};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{spanned::Spanned, visit::Visit};

/// What a rule has to say about one place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finding {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) what: String,
    pub(crate) mend: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}\n    mend: {}", self.path, self.line, self.what, self.mend)
    }
}

/// One file, by its path from the repository's root with `/` between the parts.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
    rust: OnceCell<Rust>,
}

/// A Rust file, read once.
#[derive(Debug)]
pub(crate) struct Rust {
    pub(crate) file: syn::File,
    pub(crate) tokens: Vec<Token>,
    pub(crate) names: Vec<Name>,
    test_lines: Vec<RangeInclusive<usize>>,
}

/// One token; a bracket is a token of its own.
#[derive(Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// One path that the file mentions: in a `use` tree, in code, in an attribute, in a macro's tokens.
#[derive(Debug)]
pub(crate) struct Name {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
}

impl Name {
    /// The name as it would be written.
    pub(crate) fn text(&self) -> String {
        self.segments.join("::")
    }

    /// Whether the name is in this module or is this item.
    pub(crate) fn starts_with(&self, path: &[&str]) -> bool {
        self.segments.len() >= path.len()
            && self.segments.iter().zip(path).all(|(ours, wanted)| ours == wanted)
    }

    /// Whether the name's last parts are these.
    pub(crate) fn ends_with(&self, path: &[&str]) -> bool {
        self.segments.len() >= path.len()
            && self.segments.iter().rev().zip(path.iter().rev()).all(|(ours, wanted)| ours == wanted)
    }
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), rust: OnceCell::new() }
    }

    /// The file as Rust.
    pub(crate) fn rust(&self) -> &Rust {
        self.rust.get_or_init(|| Rust::read(self))
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether the file is part of what ships: Rust, in one of these crates' `src`.
    pub(crate) fn is_in_crate(&self, crates: &[&str]) -> bool {
        self.is_rust() && crates.iter().any(|name| self.path.starts_with(&format!("{name}/src/")))
    }

    pub(crate) fn is_under(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| self.path.starts_with(folder))
    }

    /// Whether the whole file is a test.
    pub(crate) fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || self.path.contains("/benches/")
            || name == "tests.rs"
            || name.ends_with("_tests.rs")
            || name.contains(".test.")
            || name.contains(".spec.")
    }

    /// Whether a line is test code, in a test file or under `#[cfg(test)]`.
    pub(crate) fn is_test_line(&self, line: usize) -> bool {
        self.is_test() || self.rust().test_lines.iter().any(|lines| lines.contains(&line))
    }

    /// How many lines are not inside a test module.
    pub(crate) fn product_line_count(&self) -> usize {
        let all = self.text.lines().count();
        if !self.is_rust() {
            return all;
        }
        let tests = &self.rust().test_lines;
        (1..=all).filter(|line| !tests.iter().any(|lines| lines.contains(line))).count()
    }

    pub(crate) fn finding(&self, line: usize, what: impl Into<String>, mend: impl Into<String>) -> Finding {
        Finding { path: self.path.clone(), line, what: what.into(), mend: mend.into() }
    }

    /// Where the file stands in its crate: `api/src/store/cells.rs` is `["store", "cells"]`.
    pub(crate) fn module(&self) -> Vec<String> {
        let inside = self.path.split_once("/src/").map_or(self.path.as_str(), |(_, inside)| inside);
        let mut parts: Vec<String> = inside.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if matches!(parts.last().map(String::as_str), Some("mod" | "lib" | "main")) {
            parts.pop();
        }
        parts
    }
}

impl Rust {
    fn read(source: &Source) -> Self {
        let file = syn::parse_file(&source.text).unwrap_or_else(|error| panic!("{}: {error}", source.path));
        let stream: TokenStream =
            source.text.parse().unwrap_or_else(|error| panic!("{}: {error}", source.path));
        let mut tokens = Vec::new();
        flatten(stream, &mut tokens);
        let mut reader = Reader {
            module: source.module(),
            names: Vec::new(),
            imports: HashMap::new(),
            test_lines: Vec::new(),
        };
        reader.visit_file(&file);
        let Reader { mut names, imports, test_lines, .. } = reader;
        for name in &mut names {
            if let Some(full) = imports.get(&name.segments[0]).filter(|full| full[0] != name.segments[0]) {
                name.segments.splice(0..1, full.iter().cloned());
            }
        }
        Self { file, tokens, names, test_lines }
    }

    /// The lines on which these tokens follow each other.
    pub(crate) fn lines_with(&self, wanted: &[&str]) -> Vec<usize> {
        let starts = self.tokens.windows(wanted.len());
        starts
            .filter(|window| window.iter().zip(wanted).all(|(token, text)| token.text == *text))
            .map(|window| window[0].line)
            .collect()
    }
}

fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        let TokenTree::Group(group) = tree else {
            tokens.push(Token { text: tree.to_string(), line });
            continue;
        };
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::None => ("", ""),
        };
        tokens.push(Token { text: open.to_owned(), line });
        flatten(group.stream(), tokens);
        tokens.push(Token { text: close.to_owned(), line: group.span_close().start().line });
    }
}

struct Reader {
    module: Vec<String>,
    names: Vec<Name>,
    imports: HashMap<String, Vec<String>>,
    test_lines: Vec<RangeInclusive<usize>>,
}

impl Reader {
    fn add(&mut self, segments: Vec<String>, line: usize) {
        let segments = self.absolute(segments);
        if segments.len() > 1 {
            self.names.push(Name { segments, line });
        }
    }

    /// Spells `self` and `super` out from the crate's root.
    fn absolute(&self, segments: Vec<String>) -> Vec<String> {
        let mut rest = segments.as_slice();
        let mut module = self.module.clone();
        if !matches!(rest.first().map(String::as_str), Some("self" | "super")) || rest.len() < 2 {
            return segments;
        }
        if rest[0] == "self" {
            rest = &rest[1..];
        }
        while rest.first().is_some_and(|segment| segment == "super") {
            module.pop();
            rest = &rest[1..];
        }
        let root = std::iter::once("crate".to_owned());
        root.chain(module).chain(rest.iter().cloned()).collect()
    }

    fn import(&mut self, tree: &syn::UseTree, before: &[String]) {
        let with = |ident: &syn::Ident| [before, &[ident.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.import(&path.tree, &with(&path.ident)),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.import(item, before)),
            syn::UseTree::Glob(glob) => {
                self.add([before, &["*".to_owned()]].concat(), glob.span().start().line);
            }
            syn::UseTree::Name(name) if name.ident == "self" => {
                let last = before.last().cloned().unwrap_or_default();
                self.import_as(before.to_vec(), &last, name.span().start().line);
            }
            syn::UseTree::Name(name) => {
                self.import_as(with(&name.ident), &name.ident.to_string(), name.span().start().line);
            }
            syn::UseTree::Rename(rename) => {
                self.import_as(with(&rename.ident), &rename.rename.to_string(), rename.span().start().line);
            }
        }
    }

    fn import_as(&mut self, segments: Vec<String>, called: &str, line: usize) {
        let full = self.absolute(segments);
        self.imports.insert(called.to_owned(), full.clone());
        self.names.push(Name { segments: full, line });
    }

    fn scan(&mut self, stream: TokenStream) {
        let (mut segments, mut colons, mut line) = (Vec::new(), 0, 0);
        for tree in stream {
            match tree {
                TokenTree::Ident(ident) => {
                    if colons != 2 && !segments.is_empty() {
                        self.add(std::mem::take(&mut segments), line);
                    }
                    line = if segments.is_empty() { ident.span().start().line } else { line };
                    segments.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && !segments.is_empty() => colons += 1,
                other => {
                    self.add(std::mem::take(&mut segments), line);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.scan(group.stream());
                    }
                }
            }
        }
        self.add(segments, line);
    }

    fn note_test(&mut self, attributes: &[syn::Attribute], item: &impl Spanned) {
        if attributes.iter().any(is_test_attribute) {
            self.test_lines.push(item.span().start().line..=item.span().end().line);
        }
    }
}

fn is_test_attribute(attribute: &syn::Attribute) -> bool {
    let last = attribute.path().segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
    let under_test = || match &attribute.meta {
        syn::Meta::List(list) => {
            let text = list.tokens.to_string();
            text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "test")
                && !text.contains("not")
        }
        _ => false,
    };
    last == "test" || (last == "cfg" && under_test())
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.note_test(&item.attrs, item);
        self.module.push(item.ident.to_string());
        syn::visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.note_test(&item.attrs, item);
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.note_test(&item.attrs, item);
        syn::visit::visit_item_impl(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.note_test(&item.attrs, item);
        syn::visit::visit_impl_item_fn(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.note_test(&item.attrs, item);
        self.import(&item.tree, &[]);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.add(segments, path.span().start().line);
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.scan(item.tokens.clone());
        syn::visit::visit_macro(self, item);
    }

    fn visit_meta_list(&mut self, list: &'ast syn::MetaList) {
        self.scan(list.tokens.clone());
        syn::visit::visit_meta_list(self, list);
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}
}

/// The repository's root, also where the test was built in another place than it runs.
pub(crate) fn root() -> PathBuf {
    let manifest =
        std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    Path::new(&manifest).parent().expect("the crate `tests` lies in the repository").to_owned()
}

/// Every text file that git keeps or would keep.
pub(crate) fn repository() -> Vec<Source> {
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git").current_dir(root()).args(arguments).output().expect("git runs");
    assert!(output.status.success(), "git ls-files: {}", String::from_utf8_lossy(&output.stderr));
    let listing = String::from_utf8(output.stdout).expect("paths are UTF-8");
    let sources: Vec<Source> = listing
        .split('\0')
        .filter(|path| !path.is_empty())
        .filter_map(|path| Some(Source::new(path, &std::fs::read_to_string(root().join(path)).ok()?)))
        .collect();
    assert!(sources.len() > 20, "git lists {} files: is this the repository?", sources.len());
    sources
}

#[test]
fn names_are_found_in_use_trees_code_attributes_and_macros_and_are_resolved() {
    let source = Source::new(
        "api/src/graphql/cells/mod.rs",
        r#"
        use crate::{store::cells as rows, live::{self, Hub}};
        use super::super::bus::Bus;
        #[derive(async_graphql::SimpleObject)]
        struct Cell { key: rows::Key }
        fn show(hub: live::Hub) { println!("{}", crate::cache::get(hub)); super::error::outward(); }
        "#,
    );
    let names: Vec<String> = source.rust().names.iter().map(Name::text).collect();
    for wanted in [
        "crate::store::cells",
        "crate::live",
        "crate::live::Hub",
        "crate::bus::Bus",
        "async_graphql::SimpleObject",
        "crate::store::cells::Key",
        "crate::cache::get",
        "crate::graphql::error::outward",
    ] {
        assert!(names.iter().any(|name| name == wanted), "{wanted} is not among {names:?}");
    }
}

#[test]
fn lines_of_test_modules_are_known() {
    let source =
        Source::new("domain/src/a.rs", "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n");
    assert!(!source.is_test_line(1) && source.is_test_line(4) && !source.is_test_line(6));
    assert_eq!(source.product_line_count(), 2);
}
