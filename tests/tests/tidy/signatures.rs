//! What a signature may look like: named values in, units in names, nullable fields that can fail, few traits, no state.

use quote::ToTokens;
use syn::{spanned::Spanned, visit::Visit};

use super::source::{Finding, Source};

const PRODUCT: &[&str] = &["api", "domain", "geo-tools"];

/// Words that measure something and so need their unit behind them.
const MEASURES: &[&str] = &[
    "accuracy",
    "age",
    "area",
    "delay",
    "distance",
    "duration",
    "elapsed",
    "height",
    "interval",
    "latency",
    "length",
    "lifetime",
    "perimeter",
    "radius",
    "size",
    "timeout",
    "tolerance",
    "ttl",
    "width",
];

const NUMBERS: &[&str] = &["f32", "f64", "i32", "i64", "isize", "u16", "u32", "u64", "usize"];

/// Every function signature of a file, with whether it is public and the line it stands on.
struct Signatures<'ast> {
    public: Vec<&'ast syn::Signature>,
    resolvers: Vec<&'ast syn::Signature>,
    services: Vec<&'ast syn::Signature>,
    fields: Vec<(&'ast syn::Ident, &'ast syn::Type)>,
    statics: Vec<&'ast syn::ItemStatic>,
}

fn read(source: &Source) -> Signatures<'_> {
    let mut signatures = Signatures {
        public: Vec::new(),
        resolvers: Vec::new(),
        services: Vec::new(),
        fields: Vec::new(),
        statics: Vec::new(),
    };
    signatures.visit_file(&source.rust().file);
    signatures
}

fn is_public(visibility: &syn::Visibility) -> bool {
    matches!(visibility, syn::Visibility::Public(_))
}

impl<'ast> Visit<'ast> for Signatures<'ast> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if is_public(&item.vis) {
            self.public.push(&item.sig);
        }
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let resolves = is_resolver(item);
        for member in &item.items {
            let syn::ImplItem::Fn(function) = member else { continue };
            if is_public(&function.vis) {
                self.public.push(&function.sig);
                self.services.extend((written(&*item.self_ty) == "Services").then_some(&function.sig));
            }
            if resolves {
                self.resolvers.push(&function.sig);
            }
        }
        syn::visit::visit_item_impl(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        if is_public(&item.vis) {
            self.public.extend(item.items.iter().filter_map(|member| match member {
                syn::TraitItem::Fn(function) => Some(&function.sig),
                _ => None,
            }));
        }
        syn::visit::visit_item_trait(self, item);
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if let Some(ident) = &field.ident {
            self.fields.push((ident, &field.ty));
        }
        syn::visit::visit_field(self, field);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.fields.push((&item.ident, &item.ty));
        syn::visit::visit_item_const(self, item);
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.statics.push(item);
        syn::visit::visit_item_static(self, item);
    }
}

fn arguments(signature: &syn::Signature) -> impl Iterator<Item = (&syn::Pat, &syn::Type)> {
    signature.inputs.iter().filter_map(|input| match input {
        syn::FnArg::Typed(typed) => Some((&*typed.pat, &*typed.ty)),
        syn::FnArg::Receiver(_) => None,
    })
}

/// A type without its spaces.
fn written(node: &impl ToTokens) -> String {
    node.to_token_stream().to_string().replace(' ', "")
}

/// A bare pair of numbers of one kind in a public function, or a boolean among its arguments.
pub(crate) fn bare_pairs_and_booleans(source: &Source) -> Vec<Finding> {
    if !source.is_in_crate(PRODUCT) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for signature in read(source).public.into_iter().filter(|s| !source.is_test_line(s.span().start().line)) {
        let line = signature.ident.span().start().line;
        let name = &signature.ident;
        let pair = |text: String| NUMBERS.iter().any(|number| text.contains(&format!("({number},{number})")));
        let returned = std::iter::once(written(&signature.output));
        if arguments(signature).map(|(_, kind)| written(kind)).chain(returned).any(pair) {
            let mend = "take or return a Position, or a struct whose fields are named: longitude and latitude swap silently";
            findings.push(source.finding(
                line,
                format!("`{name}` has a bare pair of numbers in its signature"),
                mend,
            ));
        }
        if arguments(signature).any(|(_, kind)| matches!(written(kind).as_str(), "bool" | "Option<bool>")) {
            let mend =
                "take an enum of two names, or write two functions: `true` says nothing where it is called";
            findings.push(source.finding(line, format!("`{name}` takes a boolean"), mend));
        }
    }
    findings
}

/// A number that measures something under a name without its unit.
pub(crate) fn names_without_unit(source: &Source) -> Vec<Finding> {
    if !source.is_in_crate(PRODUCT) {
        return Vec::new();
    }
    let signatures = read(source);
    let mut named: Vec<(String, String, usize)> = Vec::new();
    for (ident, kind) in &signatures.fields {
        named.push((ident.to_string(), written(*kind), ident.span().start().line));
    }
    for signature in &signatures.public {
        let line = signature.ident.span().start().line;
        named.extend(arguments(signature).map(|(name, kind)| (written(name), written(kind), line)));
        if let syn::ReturnType::Type(_, kind) = &signature.output {
            named.push((signature.ident.to_string(), written(&**kind), line));
        }
    }
    let lacking = named.into_iter().filter(|(name, kind, line)| {
        let number = kind.trim_start_matches("Option<").trim_end_matches('>');
        let last = name.to_lowercase();
        let last = last.rsplit('_').next().unwrap_or_default();
        // An `area` that is a whole number is the index of one.
        let measures = MEASURES.contains(&last) && (last != "area" || number.starts_with('f'));
        measures && NUMBERS.contains(&number) && !source.is_test_line(*line)
    });
    let mend = "put the unit last: `_m`, `_m2`, `_ms`, `_s`, `_bytes`, `_e7`; or use a type that knows it (Duration)";
    lacking.map(|(name, _, line)| source.finding(line, format!("`{name}` has no unit"), mend)).collect()
}

/// A resolver whose error voids its parent.
pub(crate) fn resolvers_that_void_their_parent(source: &Source) -> Vec<Finding> {
    if !source.path.starts_with("api/src/graphql/") {
        return Vec::new();
    }
    let resolvers = read(source).resolvers.into_iter();
    let mend = "return Option<Result<T>>: `Some(Err(…))` answers null and an error, and keeps the siblings";
    resolvers
        .filter(|signature| {
            let returned = written(&signature.output);
            ["Result<Option<", "FieldResult<Option<"].iter().any(|start| {
                let text = returned.trim_start_matches("->").trim_start_matches("async_graphql::");
                text.starts_with(start)
            })
        })
        .map(|signature| {
            let what = format!("an error in `{}` (`Result<Option<…>>`) voids its parent", signature.ident);
            source.finding(signature.ident.span().start().line, what, mend)
        })
        .collect()
}

/// A `static` that can change.
pub(crate) fn statics_with_state(source: &Source) -> Vec<Finding> {
    if !source.is_in_crate(&["api", "domain", "geo-tools", "migrations"]) {
        return Vec::new();
    }
    let mend =
        "own it in a struct that is passed down from main; two tests in one process must not meet in it";
    let changing = |text: &str| {
        ["Mutex", "RwLock", "Atomic", "OnceLock", "OnceCell", "RefCell", "Cell<", "UnsafeCell", "DashMap"]
            .iter()
            .any(|word| text.contains(word))
    };
    let statics = read(source).statics.into_iter();
    let mut findings: Vec<Finding> = statics
        .filter(|item| {
            matches!(item.mutability, syn::StaticMutability::Mut(_)) || changing(&written(&item.ty))
        })
        .map(|item| {
            source.finding(
                item.ident.span().start().line,
                format!("static `{}` holds state", item.ident),
                mend,
            )
        })
        .collect();
    for macro_name in ["thread_local", "lazy_static"] {
        let lines = source.rust().lines_with(&[macro_name, "!"]).into_iter();
        findings.extend(lines.map(|line| source.finding(line, format!("`{macro_name}!` holds state"), mend)));
    }
    findings
}

/// Traits of ours that one type of ours implements, and nothing else.
pub(crate) fn traits_with_one_implementation(sources: &[Source]) -> Vec<Finding> {
    let ours: Vec<&Source> = sources.iter().filter(|source| source.is_in_crate(PRODUCT)).collect();
    let items =
        || ours.iter().flat_map(|source| source.rust().file.items.iter().map(move |item| (*source, item)));
    let mut types: Vec<String> = Vec::new();
    let mut implementations: Vec<(String, String)> = Vec::new();
    for (_, item) in items() {
        collect_types_and_implementations(item, &mut types, &mut implementations);
    }
    let mut findings = Vec::new();
    for (source, item) in items() {
        let syn::Item::Trait(item) = item else { continue };
        let implementing: Vec<&String> =
            implementations.iter().filter(|(name, _)| item.ident == name).map(|(_, kind)| kind).collect();
        let extends_a_foreign_type = implementing.iter().any(|kind| !types.contains(kind));
        let by_macro = ours
            .iter()
            .any(|source| !source.rust().lines_with(&[&item.ident.to_string(), "for", "$"]).is_empty());
        if implementing.len() < 2 && !extends_a_foreign_type && !by_macro {
            let what = format!("trait `{}` has {} implementation(s)", item.ident, implementing.len());
            let mend = "use the type itself; a trait earns its place with the second implementation";
            findings.push(source.finding(item.ident.span().start().line, what, mend));
        }
    }
    findings
}

fn collect_types_and_implementations(
    item: &syn::Item,
    types: &mut Vec<String>,
    found: &mut Vec<(String, String)>,
) {
    match item {
        syn::Item::Struct(item) => types.push(item.ident.to_string()),
        syn::Item::Enum(item) => types.push(item.ident.to_string()),
        syn::Item::Mod(item) => {
            let inner = item.content.iter().flat_map(|(_, items)| items);
            inner.for_each(|item| collect_types_and_implementations(item, types, found));
        }
        syn::Item::Impl(item) => {
            let Some((_, path, _)) = &item.trait_ else { return };
            let name = path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
            let kind = written(&*item.self_ty);
            let kind = kind.split('<').next().unwrap_or_default().rsplit("::").next().unwrap_or_default();
            found.push((name, kind.trim_start_matches('&').to_owned()));
        }
        _ => {}
    }
}

/// A use case that does not say first who asks.
pub(crate) fn use_cases_without_viewer(source: &Source) -> Vec<Finding> {
    // The first runs by itself, the second obeys the operator at the machine, the third plays everybody's part.
    let system =
        ["api/src/service/system", "api/src/service/admin", "api/src/service/demo", "api/src/service/mod.rs"];
    if !source.path.starts_with("api/src/service/") || source.is_under(&system) {
        return Vec::new();
    }
    let use_cases = read(source).services.into_iter().filter(|signature| {
        let takes_self = matches!(signature.inputs.first(), Some(syn::FnArg::Receiver(_)));
        takes_self
            && signature.asyncness.is_some()
            && !source.is_test_line(signature.ident.span().start().line)
    });
    let mend = "take `viewer: &Viewer` first and require an Action; what runs without a user lives in service/system.rs";
    use_cases
        .filter(|signature| {
            !arguments(signature).next().is_some_and(|(_, kind)| written(kind).ends_with("Viewer"))
        })
        .map(|signature| {
            let what = format!("use case `{}` does not take the viewer first", signature.ident);
            source.finding(signature.ident.span().start().line, what, mend)
        })
        .collect()
}

/// A resolver or a use case that does more than its steps.
pub(crate) fn long_functions(source: &Source) -> Vec<Finding> {
    let (kind, line_count_max, mend) = if source.path.starts_with("api/src/graphql/") {
        let mend = "parse the input, make one service call, wrap the answer; a rule goes to domain, a step to service/";
        ("resolver", 15, mend)
    } else if source.path.starts_with("api/src/service/") {
        (
            "use case",
            40,
            "may, need, decide, write, tell: what is longer hides a rule of domain or a query of store/",
        )
    } else {
        return Vec::new();
    };
    let mut bodies = Bodies { found: Vec::new() };
    bodies.visit_file(&source.rust().file);
    let long = bodies.found.into_iter().filter(|(_, resolves, lines)| {
        lines.end() - lines.start() > line_count_max
            && (kind == "use case" || *resolves)
            && !source.is_test_line(*lines.start())
    });
    long.map(|(name, _, lines)| {
        let line_count = lines.end() - lines.start();
        source.finding(
            *lines.start(),
            format!("{kind} `{name}` has {line_count} lines, {line_count_max} at most"),
            mend,
        )
    })
    .collect()
}

/// The methods of a file: name, whether it is a resolver, and the lines of its body from brace to brace.
struct Bodies {
    found: Vec<(String, bool, std::ops::RangeInclusive<usize>)>,
}

impl<'ast> Visit<'ast> for Bodies {
    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let resolves = is_resolver(item);
        for member in &item.items {
            if let syn::ImplItem::Fn(function) = member {
                let lines = function.block.span().start().line..=function.block.span().end().line;
                self.found.push((function.sig.ident.to_string(), resolves, lines));
            }
        }
        syn::visit::visit_item_impl(self, item);
    }
}

fn is_resolver(item: &syn::ItemImpl) -> bool {
    let words = ["Object", "ComplexObject", "Subscription"];
    item.attrs.iter().any(|attribute| {
        attribute.path().segments.last().is_some_and(|last| words.contains(&last.ident.to_string().as_str()))
    })
}

#[cfg(test)]
mod proofs {
    use super::*;
    use crate::tidy::{catches, passes};

    #[test]
    fn a_bare_pair_or_a_boolean_in_a_public_function_is_found() {
        let path = "domain/src/cell.rs";
        catches(bare_pairs_and_booleans, path, "pub fn f(at: (f64, f64)) {}");
        catches(bare_pairs_and_booleans, path, "pub fn f(line: &[(f64, f64)]) {}");
        catches(
            bare_pairs_and_booleans,
            path,
            "struct A; impl A { pub fn f(&self) -> (f64, f64) { (0.0, 0.0) } }",
        );
        catches(bare_pairs_and_booleans, path, "pub fn f(at_e7: (i32, i32)) {}");
        catches(bare_pairs_and_booleans, path, "pub fn f() -> Option<(usize, usize)> { None }");
        passes(bare_pairs_and_booleans, path, "pub fn f() -> (u32, f64) { (0, 0.0) }");
        catches(bare_pairs_and_booleans, path, "pub fn f(force: bool) {}");
        catches(bare_pairs_and_booleans, path, "pub trait A { fn f(&self, force: bool); }");
        passes(bare_pairs_and_booleans, path, "pub fn is_open(&self) -> bool { true } fn f(force: bool) {}");
    }

    #[test]
    fn a_measure_without_unit_is_found() {
        let path = "domain/src/cell.rs";
        catches(names_without_unit, path, "pub fn f(radius: f64) {}");
        catches(names_without_unit, path, "pub fn distance() -> f64 { 1.0 }");
        catches(names_without_unit, path, "struct A { border_distance: Option<f64> }");
        catches(names_without_unit, path, "const READ_TIMEOUT: u64 = 1;");
        passes(
            names_without_unit,
            path,
            "pub fn f(radius_m: f64, timeout: Duration, tile_size_bytes: usize) {}",
        );
    }

    #[test]
    fn a_resolver_that_voids_its_parent_is_found() {
        let path = "api/src/graphql/cells/mod.rs";
        let bad = "#[Object] impl Q { async fn cell(&self) -> Result<Option<Cell>> { Ok(None) } }";
        catches(resolvers_that_void_their_parent, path, bad);
        catches(
            resolvers_that_void_their_parent,
            path,
            &bad.replace("-> Result", "-> async_graphql::Result"),
        );
        let good = "#[Object] impl Q { async fn cell(&self) -> Option<Result<Cell>> { None } }
            async fn inner() -> Result<Option<Cell>> { Ok(None) }";
        passes(resolvers_that_void_their_parent, path, good);
    }

    #[test]
    fn a_resolver_or_use_case_that_does_more_than_its_steps_is_found() {
        let body = |line_count: usize| format!("fn f() {{\n{}}}", "g();\n".repeat(line_count));
        let resolver = |line_count: usize| format!("#[Object] impl Q {{ {} }}", body(line_count));
        catches(long_functions, "api/src/graphql/cells/mod.rs", &resolver(16));
        passes(long_functions, "api/src/graphql/cells/mod.rs", &resolver(14));
        passes(long_functions, "api/src/graphql/cells/mod.rs", &body(16));
        catches(long_functions, "api/src/service/cells.rs", &format!("impl Services {{ {} }}", body(41)));
        passes(long_functions, "api/src/service/cells.rs", &format!("impl Services {{ {} }}", body(39)));
    }

    #[test]
    fn a_static_with_state_is_found() {
        let path = "api/src/cache/mod.rs";
        catches(statics_with_state, path, "static HITS: AtomicU64 = AtomicU64::new(0);");
        catches(statics_with_state, path, "static A: LazyLock<Mutex<Vec<u8>>> = LazyLock::new(f);");
        catches(statics_with_state, path, "static mut A: u8 = 0;");
        catches(statics_with_state, path, "thread_local! { static A: u8 = 0; }");
        passes(statics_with_state, path, "static NAMES: [&str; 2] = [\"a\", \"b\"];");
    }

    #[test]
    fn a_trait_with_one_implementation_is_found_also_across_files() {
        let source = |path: &str, text: &str| Source::new(path, text);
        let one = [
            source("domain/src/a.rs", "pub trait Places {}"),
            source("api/src/b.rs", "struct A; impl Places for A {}"),
        ];
        assert_eq!(traits_with_one_implementation(&one).len(), 1);
        let two =
            [source("domain/src/a.rs", "trait P {} struct A; struct B; impl P for A {} impl P for B {}")];
        assert!(traits_with_one_implementation(&two).is_empty());
        let extension = [source("api/src/a.rs", "trait ContextExt {} impl ContextExt for Context<'_> {}")];
        assert!(traits_with_one_implementation(&extension).is_empty());
    }

    #[test]
    fn a_use_case_without_viewer_is_found() {
        let path = "api/src/service/cells.rs";
        catches(use_cases_without_viewer, path, "impl Services { pub async fn cells(&self, code: &str) {} }");
        passes(
            use_cases_without_viewer,
            path,
            "impl Services { pub async fn cells(&self, viewer: &Viewer) {} }",
        );
        passes(
            use_cases_without_viewer,
            "api/src/service/system.rs",
            "impl Services { pub async fn tick(&self) {} }",
        );
    }
}
