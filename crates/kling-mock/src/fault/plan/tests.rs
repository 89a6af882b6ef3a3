use proptest::prelude::*;

use super::*;

const GET: Facts<'_> = Facts {
    operation: Operation::Get,
    account: "a",
    external_id: Some("mine"),
    task: Some("7"),
};
const CREATE: Facts<'_> = Facts {
    operation: Operation::Create,
    task: None,
    ..GET
};

fn plan(texts: &[&str]) -> FaultPlan {
    let mut plan = FaultPlan::default();
    for text in texts {
        plan.add(text.parse().unwrap());
    }
    plan
}

/// The ids met by each of so many requests.
fn met(plan: &mut FaultPlan, facts: &Facts<'_>, requests: usize) -> Vec<Vec<u64>> {
    (0..requests).map(|_| plan.select(facts, 1).ids).collect()
}

/// Which requests, from 1, meet the only fault.
fn hits(text: &str, requests: u64) -> Vec<u64> {
    let mut plan = plan(&[text]);
    (1..=requests)
        .filter(|_| !plan.select(&GET, 1).ids.is_empty())
        .collect()
}

#[test]
fn an_occurrence_counts_what_fits_and_a_limit_what_was_hit() {
    for (text, expected) in [
        ("get:503", vec![1, 2, 3, 4, 5, 6, 7]),
        ("get#2:503", vec![2]),
        ("get#2-3:503", vec![2, 3]),
        ("get/3:503", vec![3, 6]),
        ("get:503 x2", vec![1, 2]),
        ("get/2:503 x2", vec![2, 4]),
        ("get#2-4:503 x2", vec![2, 3]),
        ("get p=0:503", vec![]),
        ("get p=1:503", vec![1, 2, 3, 4, 5, 6, 7]),
        ("get p=1:503 x1", vec![1]),
        ("create:503", vec![]),
        ("any:503", vec![1, 2, 3, 4, 5, 6, 7]),
    ] {
        assert_eq!(hits(text, 7), expected, "{text}");
    }
}

#[test]
fn a_filter_passes_its_own_only() {
    let asset = Facts {
        operation: Operation::Asset,
        ..GET
    };
    let callback = Facts {
        operation: Operation::Callback,
        ..GET
    };
    let anonymous = Facts {
        external_id: None,
        task: None,
        ..GET
    };
    for (text, facts, fits) in [
        ("get [account=a]:503", GET, true),
        ("get [account=b]:503", GET, false),
        ("get [ext=mine] [task=7]:503", GET, true),
        ("get [ext=mine] [task=8]:503", GET, false),
        ("any [task=7]:503", CREATE, false),
        ("any [ext=mine]:503", CREATE, true),
        ("any [ext=mine]:503", anonymous, false),
        ("any:503", asset, true),
        // What does not fit a file leaves files alone.
        ("any:503/5001", asset, false),
        ("any:json=cut", asset, false),
        ("any:saturated", asset, false),
        ("any:html502", asset, true),
        ("any:503", callback, false),
        ("any:delay=1s", callback, false),
        ("callback:drop", callback, true),
    ] {
        assert_eq!(
            !plan(&[text]).select(&facts, 1).ids.is_empty(),
            fits,
            "{text}"
        );
    }
}

#[test]
fn requests_that_do_not_fit_are_not_counted() {
    let mut plan = plan(&["create#2:reset"]);
    for facts in [GET, CREATE, GET, GET] {
        assert_eq!(plan.select(&facts, 1), Selection::default());
    }
    assert_eq!(plan.select(&CREATE, 1).ids, [1]);
    assert_eq!(plan.list()[0].matched, 2);
}

#[test]
fn one_terminal_fault_a_request_and_delays_add_up() {
    let mut plan = plan(&[
        "get:delay=1s",
        "get#1:503 x1",
        "get@after:reset x1",
        "get:delay=2s",
        "get@after:delay=4s",
    ]);
    let first = plan.select(&GET, 1);
    assert_eq!(first.ids, [1, 2, 4, 5]);
    assert_eq!(first.delay_before, Duration::from_secs(3));
    assert_eq!(first.delay_after, Duration::from_secs(4));
    assert!(!first.is_handled());
    // The one that had to stand back is not used up.
    let second = plan.select(&GET, 1);
    assert_eq!(second.ids, [1, 3, 4, 5]);
    assert_eq!(
        second.terminal.as_ref().map(|terminal| terminal.serial),
        Some(3)
    );
    assert!(second.is_handled());
    assert_eq!(met(&mut plan, &GET, 2), [[1, 4, 5], [1, 4, 5]]);
}

#[test]
fn only_what_answers_before_keeps_the_handler_out() {
    for (text, handled) in [
        ("create:503", false),
        ("create:html502", false),
        (r#"create:raw(502, text/html, "")"#, false),
        ("create:reset", false),
        ("create:hang", false),
        ("create@after:503", true),
        ("create@after:reset", true),
        ("create:delay=1s", true),
        ("create:truncate=1", true),
        ("create:json=cut", true),
    ] {
        let selection = plan(&[text]).select(&CREATE, 1);
        assert_eq!(selection.is_handled(), handled, "{text}");
    }
    assert!(plan(&["get:stale=1"]).select(&GET, 1).is_handled());
}

#[test]
fn a_fault_that_found_nothing_to_change_is_told_apart() {
    let mut plan = plan(&["get:json=null(/x)"]);
    plan.select(&GET, 1);
    plan.note_missed(1);
    plan.note_missed(9);
    plan.select(&GET, 1);
    let armed = &plan.list()[0];
    assert_eq!((armed.matched, armed.hits, armed.missed), (2, 2, 1));
    assert_eq!(armed.fired(), 1);
}

/// It was met while another stood in its place, under the same id.
#[test]
fn a_fault_that_was_replaced_misses_nothing_for_its_successor() {
    let mut plan = plan(&["get:json=null(/x)"]);
    let met = plan.select(&GET, 1).terminal.expect("a fault");
    assert!(plan.replace(1, "get:json=cut".parse().unwrap()));
    plan.note_missed(met.serial);
    let armed = &plan.list()[0];
    assert_eq!((armed.id, armed.missed, armed.fired()), (1, 0, 0));
    assert!(!plan.replace(2, "get:json=cut".parse().unwrap()));
}

#[test]
fn an_id_is_never_given_twice_and_the_rest_goes_on() {
    let mut plan = plan(&["get#2:503", "get#3:503"]);
    plan.select(&GET, 1);
    assert_eq!(plan.remove(1).map(|armed| armed.matched), Some(1));
    assert_eq!(plan.remove(1), None);
    assert_eq!(plan.add("get:hang".parse().unwrap()), 3);
    assert_eq!(met(&mut plan, &GET, 2), [[3], [2]]);
    plan.clear();
    assert_eq!(plan.list(), []);
    assert_eq!(plan.add("get:hang".parse().unwrap()), 4);
}

#[test]
fn the_draws_have_the_frequency_and_the_spread_that_was_asked_for() {
    let mut even = plan(&["get p=0.25:503"]);
    let hits = met(&mut even, &GET, 4000).concat().len();
    assert!((900..1100).contains(&hits), "{hits}");

    let mut plan = plan(&["get:delay=lognormal(1s, 0.5, 3s)"]);
    let mut times: Vec<_> = (0..1001)
        .map(|_| plan.select(&GET, 1).delay_before)
        .collect();
    times.sort();
    let median = times[500].as_secs_f64();
    assert!((0.9..1.1).contains(&median), "{median}");
    assert_eq!(times[1000], Duration::from_secs(3));
    assert!(times[0] < Duration::from_millis(400));
}

proptest! {
    #[test]
    fn a_fault_draws_the_same_whatever_else_is_armed(
        seed: u64,
        others in 0..4_usize,
        requests in 1..40_usize,
    ) {
        let mut alone = plan(&["get p=0.5:delay=uniform(0s, 1h)"]);
        let mut among = plan(&["get p=0.5:delay=uniform(0s, 1h)"]);
        for _ in 0..others {
            among.add("get p=0.5:503".parse().unwrap());
        }
        for _ in 0..requests {
            let (one, many) = (alone.select(&GET, seed), among.select(&GET, seed));
            prop_assert_eq!(one.delay_before, many.delay_before);
            prop_assert_eq!(one.ids.contains(&1), many.ids.contains(&1));
        }
    }

    #[test]
    fn a_fault_is_used_as_often_as_it_is_met(
        seed: u64,
        limit in 1..9_u64,
        p in 0.0..=1.0,
        requests in 0..40_u64,
    ) {
        let mut plan = plan(&[]);
        plan.add(format!("get p={p}:503 x{limit}").parse().unwrap());
        let met = (0..requests).filter(|_| !plan.select(&GET, seed).ids.is_empty()).count();
        let armed = &plan.list()[0];
        prop_assert_eq!(armed.hits, met as u64);
        prop_assert_eq!(armed.matched, requests);
        prop_assert!(armed.hits <= limit);
    }

    #[test]
    fn a_uniform_delay_stays_between(seed: u64, a in 0..9_000_u64, more in 1..9_000_u64) {
        let text = format!("get:delay=uniform({a}ms, {}ms)", a + more);
        let delay = plan(&[&text]).select(&GET, seed).delay_before.as_millis();
        prop_assert!((u128::from(a)..=u128::from(a + more)).contains(&delay));
    }
}
