//! Requests that want to hurt, made from a seed: each is a whole body of `POST /graphql`, and each must be refused.
//!
//! Every kind is over some bound by its construction, so that none is harmless by chance; how far over, and what else
//! stands in it, differs from seed to seed.

use serde_json::{Value, json};

/// A request that wants to hurt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hostile {
    /// Which kind it is.
    pub kind: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

/// The request with a number; the same number makes the same bytes on every machine.
pub fn hostile(number: u64) -> Hostile {
    let (kind, make) = KINDS[(number % KINDS.len() as u64) as usize];
    let mut chance = Chance(number);
    Hostile { kind, body: make(&mut chance) }
}

/// How many kinds there are.
pub const KIND_COUNT: usize = KINDS.len();

type Make = fn(&mut Chance) -> Vec<u8>;

const KINDS: [(&str, Make); 27] = [
    ("brackets", brackets),
    ("fields in fields", fields_in_fields),
    ("aliases", aliases),
    ("a chain of fragments that doubles", doubling_chain),
    ("a cycle of fragments", cycle),
    ("unused fragments", unused_fragments),
    ("spreads of a wide fragment", wide_fragment),
    ("directives on the operation", operation_directives),
    ("directives on fields", field_directives),
    ("a huge list", huge_list),
    ("lists in lists", lists_in_lists),
    ("objects in objects", objects_in_objects),
    ("operations", operations),
    ("arguments", arguments),
    ("variables that are defined", defined_variables),
    ("long names", long_names),
    ("a long string", long_string),
    ("strings that do not end", unended),
    ("signs of every script", scripts),
    ("introspection in circles", introspection_in_circles),
    ("introspection many times", introspection_many_times),
    ("lists times lists", lists_times_lists),
    ("fields that nobody knows", unknown_fields),
    ("fields that cannot be merged", unmergeable_fields),
    ("variables in depth", variables_in_depth),
    ("keys that stand twice", keys_twice),
    ("values without end", many_values),
];

/// Numbers that look random (SplitMix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `least` to `most`, both included.
    fn within(&mut self, least: usize, most: usize) -> usize {
        least + (self.next() % (most - least + 1) as u64) as usize
    }

    fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.within(0, list.len() - 1)]
    }

    /// A name that no other in the document has.
    fn name(&mut self, number: usize) -> String {
        let word = self.one_of(&["a", "role", "cells", "Δx", "_", "on", "fragment", "query", "type"]);
        // GraphQL has names of ASCII only; the others are refused for that.
        format!("{}{number}", word.replace('Δ', "d"))
    }
}

fn request(query: String) -> Vec<u8> {
    json!({ "query": query }).to_string().into_bytes()
}

fn repeated(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect()
}

fn brackets(chance: &mut Chance) -> Vec<u8> {
    let (open, close) =
        chance.one_of(&[("[", "]"), ("{a", "}"), ("(a:", ")"), ("{a:", "}"), ("{a(b:[", "])}")]);
    let depth = chance.within(41, 12_000);
    let closed = chance.within(0, depth);
    let before = chance.one_of(&["", "{ district(code: ", "query Q($a: [", "mutation ", "\u{feff}"]);
    request(format!("{before}{}1{}", open.repeat(depth), close.repeat(closed)))
}

fn fields_in_fields(chance: &mut Chance) -> Vec<u8> {
    let depth = chance.within(21, 4_000);
    let field = chance.one_of(&["cells", "parent", "viewer", "node", "a"]);
    let inline = chance.one_of(&["", " ... on Cell {", " ... {"]);
    let close = if inline.is_empty() { " }" } else { " } }" };
    request(format!("{{ {} code {} }}", format!("{field} {{{inline} ").repeat(depth), close.repeat(depth)))
}

fn aliases(chance: &mut Chance) -> Vec<u8> {
    let count = chance.within(201, 900);
    let field = chance.one_of(&["viewer { role }", "districts { code }", "__typename"]);
    let name = chance.name(0);
    request(format!("{{ {} }}", repeated(count, |at| format!("{name}x{at}: {field} "))))
}

fn doubling_chain(chance: &mut Chance) -> Vec<u8> {
    let (length, times) = (chance.within(12, 59), chance.within(2, 4));
    let chain = repeated(length, |at| {
        format!("fragment F{at} on Query {{ {} }} ", format!("...F{} ", at + 1).repeat(times))
    });
    request(format!("{{ ...F0 }} {chain} fragment F{length} on Query {{ viewer {{ role }} }}"))
}

fn cycle(chance: &mut Chance) -> Vec<u8> {
    let length = chance.within(1, 59);
    let used = chance.one_of(&["...F0", "viewer { role }"]);
    let fragments = repeated(length, |at| {
        format!("fragment F{at} on Query {{ viewer {{ role }} ...F{} }} ", (at + 1) % length)
    });
    request(format!("{{ {used} }} {fragments}"))
}

fn unused_fragments(chance: &mut Chance) -> Vec<u8> {
    let length = chance.within(61, 400);
    let fragments = repeated(length, |at| format!("fragment F{at} on Query {{ ...F{} }} ", at + 1));
    request(format!(
        "{{ viewer {{ role }} }} {fragments} fragment F{length} on Query {{ viewer {{ role }} }}"
    ))
}

fn wide_fragment(chance: &mut Chance) -> Vec<u8> {
    let (width, spreads) = (chance.within(50, 400), chance.within(50, 400));
    request(format!(
        "{{ {} }} fragment W on Query {{ {} }}",
        "...W ".repeat(spreads),
        "__typename ".repeat(width)
    ))
}

const DIRECTIVES: [&str; 4] = ["@skip(if: true) ", "@include(if: false) ", "@nobody ", "@skip(if: $a) "];

fn operation_directives(chance: &mut Chance) -> Vec<u8> {
    let directive = chance.one_of(&DIRECTIVES);
    let count = chance.within(101, 1_500);
    request(format!("query Q {} {{ viewer {{ role }} }}", directive.repeat(count)))
}

fn field_directives(chance: &mut Chance) -> Vec<u8> {
    let directive = chance.one_of(&DIRECTIVES);
    let (fields, each) = (chance.within(11, 40), chance.within(10, 30));
    request(format!("{{ viewer {{ {} }} }}", format!("role {}", directive.repeat(each)).repeat(fields)))
}

fn huge_list(chance: &mut Chance) -> Vec<u8> {
    let count = chance.within(4_001, 9_000);
    let part = chance.one_of(&["1 ", "1,", "a ", "$a ", "null "]);
    request(format!("{{ node(id: [{}]) {{ id }} }}", part.repeat(count)))
}

fn lists_in_lists(chance: &mut Chance) -> Vec<u8> {
    let depth = chance.within(41, 10_000);
    request(format!("{{ node(id: {}1{}) {{ id }} }}", "[".repeat(depth), "]".repeat(depth)))
}

fn objects_in_objects(chance: &mut Chance) -> Vec<u8> {
    let depth = chance.within(41, 3_000);
    let name = chance.one_of(&["lat", "position", "within", "a"]);
    request(format!(
        "mutation {{ reportIncident(input: {}1{}) {{ replayed }} }}",
        format!("{{{name}: ").repeat(depth),
        "}".repeat(depth)
    ))
}

fn operations(chance: &mut Chance) -> Vec<u8> {
    let count = chance.within(21, 500);
    let kind = chance.one_of(&["query", "mutation", "subscription"]);
    let all = repeated(count, |at| format!("{kind} Q{at} {{ ...F }} "));
    let query = format!("{all} fragment F on Query {{ viewer {{ role }} }}");
    json!({ "query": query, "operationName": format!("Q{}", chance.within(0, count)) })
        .to_string()
        .into_bytes()
}

fn arguments(chance: &mut Chance) -> Vec<u8> {
    let count = chance.within(101, 1_200);
    let name = chance.name(7);
    request(format!("{{ viewer({}) {{ role }} }}", repeated(count, |at| format!("{name}{at}: 1 "))))
}

fn defined_variables(chance: &mut Chance) -> Vec<u8> {
    let count = chance.within(101, 900);
    let kind = chance.one_of(&["Int", "[Int!]", "PositionInput", "Nobody", "Int = 3"]);
    let query =
        format!("query Q({}) {{ viewer {{ role }} }}", repeated(count, |at| format!("$v{at}: {kind} ")));
    let given: serde_json::Map<String, Value> = (0..count).map(|at| (format!("v{at}"), json!(at))).collect();
    json!({ "query": query, "variables": given }).to_string().into_bytes()
}

fn long_names(chance: &mut Chance) -> Vec<u8> {
    let length = chance.within(2_000, 30_000);
    let sign = chance.one_of(&["a", "_", "Z9"]);
    let name = sign.repeat(length / sign.len());
    let query = match chance.within(0, 3) {
        0 => format!("{{ {name} }}"),
        1 => format!("{{ viewer {{ ...{name} }} }}"),
        2 => format!("query Q(${name}: {name}) {{ viewer {{ role }} }}"),
        _ => format!("{{ viewer @{name} {{ role }} }}"),
    };
    request(query)
}

fn long_string(chance: &mut Chance) -> Vec<u8> {
    let length = chance.within(32_769, 400_000);
    let sign = chance.one_of(&["x", "网", "\\u0000", "\\\"", "🏠"]);
    let text = sign.repeat(length / sign.len() + 1);
    let quotes = chance.one_of(&["\"", "\"\"\""]);
    request(format!("{{ node(id: {quotes}{text}{quotes}) {{ id }} }}"))
}

fn unended(chance: &mut Chance) -> Vec<u8> {
    let length = chance.within(1, 30_000);
    let begin = chance.one_of(&["\"", "\"\"\"", "\"\"\"\\\"\"\"", "\"a\" \"", "#\n\""]);
    let inside = chance.one_of(&["[", "a", "\\\\", "{", "\\\""]);
    let query = format!("{{ node(id: {begin}{}", inside.repeat(length / inside.len()));
    request(query)
}

fn scripts(chance: &mut Chance) -> Vec<u8> {
    let count = chance.within(1, 6_000);
    let mut query = String::from("{ viewer { role } } ");
    for _ in 0..count {
        let number = chance.next() as u32 % 0x0011_0000;
        query.push(char::from_u32(number).unwrap_or('\u{202e}'));
    }
    // Whatever came before: this is no GraphQL, also inside of a comment that a line has ended.
    query.push_str("\n\u{0}}");
    request(query)
}

fn introspection_in_circles(chance: &mut Chance) -> Vec<u8> {
    let levels = chance.within(3, 8);
    let (open, close) = chance.one_of(&[
        ("fields { type { ", "} }"),
        ("inputFields { type { ", "} }"),
        ("possibleTypes { interfaces { ", "} }"),
        ("interfaces { possibleTypes { ", "} }"),
    ]);
    let root =
        chance.one_of(&["__schema { types {", "__schema { queryType {", "__type(name: \"Cell\") { ofType {"]);
    request(format!("{{ {root} {} name {} }} }} }}", open.repeat(levels), close.repeat(levels)))
}

fn introspection_many_times(chance: &mut Chance) -> Vec<u8> {
    let count = chance.within(25, 120);
    let whole = "types { name fields { name args { name description type { name } } } inputFields { name } }";
    request(format!("{{ {} }}", repeated(count, |at| format!("a{at}: __schema {{ {whole} }} "))))
}

fn lists_times_lists(chance: &mut Chance) -> Vec<u8> {
    let first = chance.within(50, 200);
    let inside = format!("incidents(first: {first}) {{ nodes {{ id history {{ at }} cell {{ code }} }} }}");
    let levels = chance.within(2, 3);
    let mut query = inside;
    for _ in 0..levels {
        query = format!("incidents(first: {first}) {{ nodes {{ cell {{ {query} }} }} }}");
    }
    request(format!("{{ cells(district: \"410184\", first: 200) {{ nodes {{ {query} }} }} }}"))
}

fn unknown_fields(chance: &mut Chance) -> Vec<u8> {
    let count = chance.within(1, 1_800);
    let name = chance.name(3);
    let inside = chance.one_of(&["", "viewer"]);
    let (open, close) = if inside.is_empty() { ("", "") } else { ("viewer {", "}") };
    request(format!("{{ {open} {} {close} }}", repeated(count, |at| format!("{name}u{at} "))))
}

fn unmergeable_fields(chance: &mut Chance) -> Vec<u8> {
    let count = chance.within(2, 199);
    request(format!("{{ {} }}", repeated(count, |at| format!("same: district(code: \"{at}\") {{ code }} "))))
}

fn variables_in_depth(chance: &mut Chance) -> Vec<u8> {
    let depth = chance.within(128, 100_000);
    let (open, close) = chance.one_of(&[("[", "]"), ("{\"a\":", "}")]);
    let query = "query Q($a: PositionInput) { viewer { role } }";
    let deep = format!("{}1{}", open.repeat(depth), close.repeat(depth));
    format!("{{\"query\":\"{query}\",\"variables\":{{\"a\":{deep}}}}}").into_bytes()
}

fn keys_twice(chance: &mut Chance) -> Vec<u8> {
    let (before, depth) = (chance.within(0, 20_000), chance.within(0, 100));
    let keys = repeated(before, |at| format!("\"k{at}\":1,"));
    let twice = format!("{}{{\"z\":1,\"z\":2}}{}", "[".repeat(depth), "]".repeat(depth));
    format!("{{\"query\":\"{{ viewer {{ role }} }}\",\"variables\":{{{keys}\"last\":{twice}}}}}").into_bytes()
}

fn many_values(chance: &mut Chance) -> Vec<u8> {
    let part = chance.one_of(&["1,", "[],", "{\"a\":null},", "\"\",", "true,"]);
    let count = chance.within(20_000, 1_000_000 / part.len());
    let values = part.repeat(count);
    format!("{{\"query\":\"{{ viewer {{ role }} }}\",\"variables\":{{\"a\":[{values}0]}}}}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_makes_the_same_request_again_and_the_next_of_its_kind_another() {
        for number in 0..KIND_COUNT as u64 {
            assert_eq!(hostile(number), hostile(number));
            let next = hostile(number + KIND_COUNT as u64);
            assert_eq!(hostile(number).kind, next.kind);
            assert_ne!(hostile(number).body, next.body, "{}", next.kind);
        }
    }
}
