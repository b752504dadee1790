//! What an answer cost, by all the names that the counts go by.

use proto::history::v1::Usage;
use serde_json::Value;

const INPUT: [&str; 4] = ["input_tokens", "prompt_tokens", "inputTokens", "promptTokens"];
const OUTPUT: [&str; 4] = ["output_tokens", "completion_tokens", "outputTokens", "completionTokens"];
/// What all who read JSON can count to.
const MOST: u64 = (1 << 53) - 1;
const TOTAL: [&str; 3] = ["total_tokens", "totalTokens", "total"];

/// The counts of an object, or the sums of several. None where nothing is counted.
pub(super) fn read(value: &Value) -> Option<Usage> {
    match value {
        Value::Object(_) => one(value),
        Value::Array(items) => items.iter().filter_map(one).reduce(|a, b| Usage {
            input_tokens: sum(a.input_tokens, b.input_tokens),
            output_tokens: sum(a.output_tokens, b.output_tokens),
            total_tokens: sum(a.total_tokens, b.total_tokens),
        }),
        _ => None,
    }
}

fn one(value: &Value) -> Option<Usage> {
    let count = |names: &[&str]| {
        let count = names.iter().find_map(|name| value.get(name).and_then(Value::as_u64))?;
        i64::try_from(count.min(MOST)).ok()
    };
    let (input_tokens, output_tokens) = (count(&INPUT), count(&OUTPUT));
    let both = || sum(Some(input_tokens?), Some(output_tokens?));
    let usage = Usage { input_tokens, output_tokens, total_tokens: count(&TOTAL).or_else(both) };
    (usage != Usage::default()).then_some(usage)
}

fn sum(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (Some(a), Some(b)) => i64::try_from(a.saturating_add(b).unsigned_abs().min(MOST)).ok(),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn counts_go_by_many_names() {
        let counts =
            |value: Value| read(&value).map(|usage| (usage.input_tokens, usage.output_tokens, usage.total_tokens));
        assert_eq!(counts(json!({"prompt_tokens": 3, "completion_tokens": 4})), Some((Some(3), Some(4), Some(7))));
        assert_eq!(counts(json!({"inputTokens": 3, "totalTokens": 9})), Some((Some(3), None, Some(9))));
        let models = json!([{"inputTokens": 1, "outputTokens": 2}, {"inputTokens": 10, "reasoningTokens": 4}]);
        assert_eq!(counts(models), Some((Some(11), Some(2), Some(3))));
        assert_eq!(counts(json!({"input_tokens": -1, "cost": 0.1})), None);
        assert_eq!(counts(json!("free")), None);
        let most = Some((1_i64 << 53) - 1);
        let many = json!({"input_tokens": u64::MAX, "output_tokens": 1_u64 << 53});
        assert_eq!(counts(many.clone()), Some((most, most, most)));
        assert_eq!(counts(json!([many, many])), Some((most, most, most)));
    }
}
