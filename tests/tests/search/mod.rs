//! Search over GraphQL.

use domain::viewer::Role;
use serde_json::{Value, json};
use tests::town::{DISTRICT, Town, position, root};

const SEARCH: &str = "query($d: String!, $text: String!, $first: Int = 20) { search(district: $d, text: $text, first: $first) {
    kind title detail position { lon } bounds { west } node { __typename id }
} }";

async fn titles(town: &Town, role: Role, text: &str) -> Vec<(String, String)> {
    let answer = town.ask(role, SEARCH, json!({ "d": DISTRICT, "text": text })).await;
    let hits = answer.data()["search"].as_array().expect("a list").clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    hits.iter().map(|hit| (text(&hit["kind"]), text(&hit["title"]))).collect()
}

#[tokio::test]
async fn cells_are_found_by_code_and_by_name_whatever_the_case_and_width() {
    let town = Town::start().await;
    for text in ["riverside 1", "RIVERSIDE 1", "ＲＩＶＥＲＳＩＤＥ　１", "c2-1", "河边一"] {
        let found = titles(&town, Role::Public, text).await;
        assert_eq!(found, [("CELL".to_owned(), "河边一网格".to_owned())], "{text}");
    }
}

/// A town with a household and an incident that are found by the same word.
async fn town_with_words() -> Town {
    let town = Town::start().await;
    let home = json!({
        "clientKey": town.client_key(), "district": DISTRICT, "address": "Nanjing Road 5", "position": position(0.5, 0.5),
    });
    let document = "mutation($input: RegisterHouseholdInput!) { registerHousehold(input: $input) { problems { code } } }";
    town.ask(Role::Admin, document, json!({ "input": home })).await.data();
    let mut report = town.report(0.5, 0.5);
    report["text"] = json!("Nanjing cafe is loud");
    town.report_as(Role::Admin, report).await;
    town
}

/// What somebody finds by that word.
async fn kinds(town: &Town, role: Role) -> Vec<String> {
    titles(town, role, "nanjing").await.into_iter().map(|(kind, _)| kind).collect()
}

#[tokio::test]
async fn who_may_not_see_homes_and_texts_finds_none_by_them() {
    let town = town_with_words().await;
    assert_eq!(kinds(&town, Role::Admin).await, ["HOUSEHOLD", "INCIDENT"]);
    assert_eq!(kinds(&town, Role::Dispatcher).await, ["INCIDENT"]);
    for role in [Role::Public, Role::Observer, Role::Planner] {
        assert!(kinds(&town, role).await.is_empty(), "{role:?}");
    }
}

/// The roles in a list of what the dashboard says of a search.
fn listed(list: &str) -> Vec<Role> {
    let file = root().join("dashboard/src/search/searched.ts");
    let text = std::fs::read_to_string(file).expect("the dashboard is there");
    let begin = format!("const {list}:");
    let line = text.lines().find(|line| line.starts_with(&begin)).expect("the list is there, on one line");
    let names = line.split('\'').skip(1).step_by(2);
    names.map(|name| Role::parse(&name.to_lowercase()).expect("a role")).collect()
}

#[tokio::test]
async fn the_dashboard_says_of_each_role_what_is_searched_for_it() {
    let town = town_with_words().await;
    let (homes, texts) = (listed("READS_ADDRESSES"), listed("READS_TEXTS"));
    for role in Role::ALL {
        let kinds = kinds(&town, role).await;
        let finds = |kind: &str| kinds.iter().any(|found| found == kind);
        let expected = (homes.contains(&role), texts.contains(&role));
        assert_eq!((finds("HOUSEHOLD"), finds("INCIDENT")), expected, "{role:?}");
    }
}

#[tokio::test]
async fn a_search_text_is_taken_literally_and_never_as_a_pattern() {
    let town = Town::start().await;
    for text in ["%", "_", "\\", "' OR 1=1 --", "%%%"] {
        assert!(titles(&town, Role::Admin, text).await.is_empty(), "{text}");
    }
}
