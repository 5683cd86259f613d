use std::time::{Duration, Instant};

use async_graphql::parser::types::OperationType;

use super::admit;
use crate::config::DocumentLimits;

/// Generous: a debug build beside other tests. The slowest of these documents runs for minutes when executed.
const SOON: Duration = Duration::from_secs(5);

fn refused(document: &str) -> String {
    let start = Instant::now();
    let error = admit(document, None, None, &DocumentLimits::default()).expect_err("a refusal");
    assert!(start.elapsed() < SOON, "{:?}: {document:.60}", start.elapsed());
    assert!(error.message.len() < 200, "{:.300}", error.message);
    error.message
}

fn chain(length: usize) -> String {
    let mut document = "query { ...F0 } ".to_owned();
    for index in 0..length {
        document += &format!("fragment F{index} on Query {{ ...F{0} ...F{0} }} ", index + 1);
    }
    document + &format!("fragment F{length} on Query {{ hello }}")
}

#[test]
fn brackets_a_hundred_thousand_deep_are_refused_before_they_are_parsed() {
    for (open, close) in [("[", "]"), ("{a", "}"), ("(a:", ")"), ("{a:", "}")] {
        let nested = format!("{{ hello(a: {}1{}) }}", open.repeat(5_000), close.repeat(5_000));
        assert!(refused(&nested).contains("40 deep"));
    }
    assert!(refused(&"[".repeat(100_000)).contains("100000 bytes; 32768 are allowed"));
    assert!(refused(&"{a".repeat(500)).contains("40 deep"));
}

#[test]
fn a_chain_of_fragments_that_opens_to_2_to_the_40_is_refused_in_linear_time() {
    assert!(refused(&chain(40)).contains("fields"));
    assert!(refused(&chain(59)).contains("fields"));
    assert!(refused(&chain(100)).contains("101 fragments; 60 are allowed"));
}

#[test]
fn each_of_the_other_bombs_is_refused() {
    let fields = "a ".repeat(100);
    let spreads = "...F ".repeat(100);
    let bombs = [
        format!("query {{ {spreads} }} fragment F on Query {{ {fields} }}"),
        format!(
            "query {}",
            (0..500).map(|index| format!("Q{index} {{ a }} query ")).collect::<String>() + "Z { a }"
        ),
        format!("{{ {} }}", (0..300).map(|index| format!("a{index}: hello ")).collect::<String>()),
        format!("query {} {{ hello }}", "@skip(if: true) ".repeat(200)),
        format!("{{ hello({}) }}", (0..200).map(|index| format!("a{index}: 1 ")).collect::<String>()),
        "{ hello } fragment A on Query { ...B } fragment B on Query { ...A }".to_owned(),
        "fragment A on Query { ...A }  query { ...A }".to_owned(),
        format!("{}{{ hello }}{}", "{ a ".repeat(30), "}".repeat(30)),
        format!("{{ hello }} # {}", "x".repeat(40_000)),
        "a ".repeat(10_000),
    ];
    for bomb in bombs {
        refused(&bomb);
    }
}

#[test]
fn a_syntax_error_says_where_and_never_repeats_the_document() {
    let message = refused(&format!("{{\n  hello(a: \"{}\" }}", "secret ".repeat(100)));
    assert!(message.contains("not GraphQL at line 2"), "{message}");
    assert!(!message.contains("secret"));
    for unclosed in
        ["{ hello(a: \"abc", "{ hello(a: \"\"\"abc", "{", "", "   # only a comment", "\u{feff}", "{ \u{0} }"]
    {
        refused(unclosed);
    }
}

#[test]
fn brackets_and_quotes_inside_strings_and_comments_do_not_count() {
    let document = format!(
        "query {{ hello(a: \"{0}\\\"{0}\", b: \"\"\"{0}\\\"\"\" {0}\"\"\") # {0}\n }}",
        "[{(".repeat(60)
    );
    admit(&document, None, None, &DocumentLimits::default()).expect("strings are no structure");
}

#[test]
fn brackets_behind_quotes_that_only_the_parser_takes_for_two_strings_are_refused_before_they_are_parsed() {
    let nested = format!("{}{}", "[".repeat(8_000), "]".repeat(8_000));
    assert!(
        refused(&format!("{{ hello(a: [\"\"\"x\"], b: {nested}) }}"))
            .contains("not GraphQL at line 1, column 13")
    );
}

#[test]
fn a_field_that_stands_twice_in_an_input_object_is_refused_at_its_second_place() {
    let check = |document: &str, at: Option<(usize, usize)>| {
        let admitted = admit(document, None, None, &DocumentLimits::default());
        let Some((line, column)) = at else {
            admitted.unwrap_or_else(|error| panic!("{document}: {error}"));
            return;
        };
        let error = admitted.expect_err(document);
        assert!(error.message.contains("stands twice in one input object"), "{document}: {error}");
        assert_eq!(error.locations, [async_graphql::Pos { line, column }], "{document}");
    };
    check("{ a(p: {lat: 1, lon: 2, lat: 3}) }", Some((1, 25)));
    check("{ a(p: [{lat: 1}, {b: {lat: 1, lat: 1}}]) }", Some((1, 32)));
    check("query($p: P = {lat: 1\n lat: 2}) { a(p: $p) }", Some((2, 2)));
    check("{ a @b(p: {lat: $x, lat: $y}) }", Some((1, 21)));
    check("{ a(t: \"新郑\", p: {c: \"lat:\", lat: 1, lat: 2}) }", Some((1, 37)));
    // The parser takes a byte order mark for a space, and ends `null` where it ends.
    check("{ a(p: {lat: 1, \u{feff}lat\u{feff}: 2}) }", Some((1, 18)));
    check("{ a(p: {lat: 1, b:nulllat: 2}) }", Some((1, 23)));
    check("{ a(p: {lat: 1, b:truelat #\n: 2}) }", Some((1, 23)));
    check("{ a(p: {lat: 1, b: {lat: 1}, c: [{lat: 1}, {lat: 2}], d: lat, e: \"lat:\"}) }", None);
    check("{ a: b(p: {x: 1}) a: b(p: {x: 1}) a: b { c: d c: d } }", None);
    check("{ a(p: {nullable: 1, able: 2, b: 3}) { a: nullable b: able } }", None);
}

#[test]
fn the_operation_is_found_by_its_name_and_must_be_clear() {
    let document = "query A { a } mutation B { b } subscription C { c }";
    let kind = |name: Option<&str>| {
        admit(document, name, None, &DocumentLimits::default()).map(|admitted| admitted.kind)
    };
    assert_eq!(kind(Some("B")).expect("found"), OperationType::Mutation);
    assert_eq!(kind(Some("C")).expect("found"), OperationType::Subscription);
    assert!(kind(None).is_err());
    assert!(kind(Some("D")).is_err());
}

#[test]
fn what_the_dashboard_and_introspection_ask_is_admitted() {
    let introspection = "query IntrospectionQuery { __schema { queryType { name } types { ...FullType } } }
        fragment FullType on __Type { kind name fields(includeDeprecated: true) { name args { ...InputValue } type { ...TypeRef } }
          inputFields { ...InputValue } interfaces { ...TypeRef } enumValues { name } possibleTypes { ...TypeRef } }
        fragment InputValue on __InputValue { name type { ...TypeRef } defaultValue }
        fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType {
          kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } }";
    let admitted = admit(introspection, None, None, &DocumentLimits::default()).expect("admitted");
    assert_eq!(admitted.kind, OperationType::Query);
}

#[test]
fn a_variable_that_is_needed_and_not_given_is_refused_before_anything_runs() {
    let check = |definition: &str, given: serde_json::Value, fits: bool| {
        let document = format!("query ({definition}) {{ hello(a: $a) }}");
        let admitted = admit(&document, None, given.as_object(), &DocumentLimits::default());
        assert_eq!(admitted.is_ok(), fits, "{definition} {given}");
    };
    check("$a: Int!", serde_json::json!({ "a": 1 }), true);
    check("$a: Int!", serde_json::json!({ "a": null }), false);
    check("$a: Int!", serde_json::json!({ "b": 1 }), false);
    check("$a: Int!", serde_json::json!(null), false);
    check("$a: Int! = 1", serde_json::json!({}), true);
    check("$a: Int", serde_json::json!({}), true);
}

#[test]
fn introspection_that_goes_in_circles_or_is_asked_many_times_is_refused() {
    let deep = |levels: usize| {
        let (open, close) = ("fields { type { ".repeat(levels), "} }".repeat(levels));
        format!("{{ __schema {{ types {{ {open} name {close} }} }} }}")
    };
    admit(&deep(2), None, None, &DocumentLimits::default()).expect("the type of a field's type");
    assert!(refused(&deep(3)).contains("3 lists of introspection in each other; 2 are allowed"));
    assert!(refused(&deep(8)).contains("lists of introspection in each other"));
    let whole =
        "types { name description fields { name description args { name description type { name } } } }";
    let often = |count: usize| {
        (0..count).map(|index| format!("a{index}: __schema {{ {whole} }} ")).collect::<String>()
    };
    admit(&format!("{{ {} }}", often(2)), None, None, &DocumentLimits::default()).expect("twice");
    assert!(refused(&format!("{{ {} }}", often(30))).contains("parts of introspection"));
    let spread = format!("{{ {} }} fragment W on __Schema {{ {whole} }}", "...S ".repeat(30));
    let spread = format!("{spread} fragment S on Query {{ __schema {{ ...W }} }}");
    assert!(refused(&spread).contains("parts of introspection"));
    // Fields of the same names elsewhere are no introspection.
    let own = format!("{{ {} name {} }}", "fields { types { ".repeat(8), "} }".repeat(8));
    admit(&own, None, None, &DocumentLimits::default()).expect("somebody's own fields");
}
