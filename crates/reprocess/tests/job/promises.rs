//! The ids of the promises are the same in the code and in the documentation.

use rehose_reprocess::promise::Promise;

#[test]
fn every_promise_is_documented_by_its_id() {
    let documentation = include_str!("../../../../docs/RELIABILITY.md");
    let documented = documentation.lines().filter_map(|line| {
        let (number, name) = line.strip_prefix("| P")?.split_once(" `")?;
        let (name, _) = name.split_once('`')?;
        Some(format!("P{number} {name}"))
    });
    assert_eq!(
        documented.collect::<Vec<_>>(),
        Promise::ALL.map(Promise::id)
    );
}
