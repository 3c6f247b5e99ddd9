//! How a store lists its objects.

use super::*;

pub async fn lists_in_the_order_of_the_keys_bytes(place: &impl Place) {
    let expected = put_awkward(place).await;
    let page = place.store().list("", None, 1_000).await.unwrap();
    let listed: Vec<_> = page.objects.iter().map(|object| &object.key).collect();
    assert_eq!(listed, expected.iter().collect::<Vec<_>>());
    for object in &page.objects {
        assert_eq!(object.bytes, object.key.len() as u64, "{}", object.key);
        assert_eq!(get(place.store(), &object.key).await, object.key.as_bytes());
    }
}

pub async fn pages_through_every_key(place: &impl Place) {
    let expected = put_awkward(place).await;
    for limit in [1, 3] {
        let mut listed: Vec<String> = Vec::new();
        loop {
            let after = listed.last().map(String::as_str);
            let page = place.store().list("", after, limit).await.unwrap();
            assert!(page.objects.len() <= limit);
            listed.extend(page.objects.into_iter().map(|object| object.key));
            if !page.more {
                break;
            }
        }
        assert_eq!(listed, expected);
    }
}

pub async fn starts_after_a_key_that_does_not_exist(place: &impl Place) {
    let all = put_awkward(place).await;
    for after in [
        "a",
        "a/",
        "ab",
        "ab/",
        "ab/c",
        "ab/c/d",
        "abc/d",
        "z",
        "\u{10ffff}",
    ] {
        let expected: Vec<_> = all.iter().filter(|key| key.as_str() > after).collect();
        assert_eq!(
            keys(place.store(), "", Some(after))
                .await
                .iter()
                .collect::<Vec<_>>(),
            expected,
            "{after}"
        );
    }
}

pub async fn takes_a_prefix_as_a_string(place: &impl Place) {
    let all = put_awkward(place).await;
    for prefix in [
        "a",
        "ab",
        "ab/",
        "abc/d/",
        "year=2020/m",
        "a+",
        "a ",
        "z",
        "\u{65e5}",
        "%",
        "a%2",
    ] {
        for after in [None, Some("ab"), Some("ab/c"), Some("b")] {
            let expected: Vec<_> = all
                .iter()
                .filter(|key| {
                    key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after)
                })
                .collect();
            let listed = keys(place.store(), prefix, after).await;
            assert_eq!(
                listed.iter().collect::<Vec<_>>(),
                expected,
                "{prefix} after {after:?}"
            );
        }
    }
}

pub async fn says_whether_more_follows(place: &impl Place) {
    for key in ["p/1", "p/2", "p/3", "q"] {
        put(place.store(), key, b"").await;
    }
    let page = place.store().list("p/", None, 2).await.unwrap();
    assert!(page.more);
    // A full last page may claim that more follows, but never the opposite.
    let page = place.store().list("p/", Some("p/2"), 2).await.unwrap();
    assert_eq!((page.objects.len(), page.more), (1, false));
}

pub async fn lists_nothing_where_nothing_is(place: &impl Place) {
    for prefix in ["", "a", "a/b/"] {
        let page = place.store().list(prefix, None, 10).await.unwrap();
        assert_eq!((page.objects.len(), page.more), (0, false));
    }
    put(place.store(), "a", b"").await;
    assert_eq!(keys(place.store(), "a/", None).await, [""; 0]);
    assert_eq!(keys(place.store(), "", Some("a")).await, [""; 0]);
}
