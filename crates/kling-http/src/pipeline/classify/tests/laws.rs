//! Properties that hold for every answer.

use super::*;

fn any_body() -> impl Strategy<Value = Vec<u8>> {
    let code = prop_oneof![
        proptest::sample::select(DOCUMENTED).prop_map(|row| row.code.get()),
        any::<i64>(),
    ];
    let envelope = (code, ".{0,20}").prop_map(|(code, message)| {
        json!({"code": code, "message": message})
            .to_string()
            .into_bytes()
    });
    prop_oneof![
        envelope,
        proptest::collection::vec(any::<u8>(), 0..64),
        "\\PC{0,64}".prop_map(String::into_bytes),
    ]
}

proptest! {
    /// Total: any status, any code, any body; and what it says hangs together.
    #[test]
    fn every_answer_means_something(status in 100..=599_u16, body in any_body(), is_query: bool) {
        let status = StatusCode::from_u16(status).unwrap();
        let answer = classify(status, &HeaderMap::new(), &body, is_query, now);
        if let Answer::Success(_) = answer {
            prop_assert!(!answer.outcome_unknown() && !answer.is_temporary());
        } else if answer.is_token_expired() || answer.is_capacity() {
            prop_assert!(!answer.outcome_unknown());
        }
        let _ = answer.into_error().to_string();
    }

    /// Whatever HTTP status it comes with, a documented code is what its row says.
    #[test]
    fn a_documented_code_counts_whatever_the_status(
        row in proptest::sample::select(DOCUMENTED),
        status in 200..=599_u16,
    ) {
        let answer = of(status, &json!({"code": row.code, "message": "m"}).to_string());
        prop_assert_eq!(what(&answer), Refusal);
        let later = matches!(row.class.remedy(), Remedy::RetryLater | Remedy::CheckOutcome);
        prop_assert_eq!(answer.is_temporary(), later);
        prop_assert_eq!(answer.outcome_unknown(), row.class.remedy() == Remedy::CheckOutcome);
    }
}
