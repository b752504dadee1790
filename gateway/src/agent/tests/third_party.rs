//! Agents that others have written, asked as they are.

use testkit::ThirdParty;

use super::*;

fn call_and_result(id: &str) -> [Value; 2] {
    [json!({"tool_call": [id, "look", {"word": "tea"}]}), json!({"tool_result": [id, {"found": "tea"}]})]
}

#[tokio::test]
async fn aimock_answers_by_chat_completions_and_by_ag_ui() {
    let aimock = ThirdParty::aimock().await;
    let chat = agent(&aimock.url("/v1"), &["--agent-protocol=openai-chat", "--agent-model=gpt-4o"]);
    let (heard, ended) = ask(&chat, "Is it hot?").await;
    let thought: String = heard.iter().filter_map(|said| said["reasoning"].as_str()).collect();
    assert_eq!((text(&heard).as_str(), thought.as_str(), ended), ("Yes, it is hot.", "Tea is hot.", Ok(())));
    let about: Vec<_> = rest(heard).into_iter().filter(|said| said.get("reasoning").is_none()).collect();
    assert_eq!(about, [json!({"model": "gpt-4o"}), json!({"finish_reason": "stop"}), json!({"usage": [12, 5, 17]})]);

    let (heard, ended) = ask(&chat, "Look it up").await;
    let call = json!({"tool_call": ["call_1", "look", {"word": "tea"}]});
    assert_eq!((&rest(heard)[1..3], ended), (&[call, json!({"finish_reason": "tool_calls"})][..], Ok(())));
    assert_eq!(ask(&chat, "Fail").await, (vec![], Err("agent_error: out of tea".to_owned())));
    let (_, ended) = ask(&chat, "Break off").await;
    assert!(ended.as_ref().unwrap_err().starts_with("agent_cut: "), "{ended:?}");

    let ag_ui = agent(&aimock.url("/agent"), &["--agent-protocol=ag-ui"]);
    assert_eq!(ask(&ag_ui, "Is it hot?").await, (texts(&["Yes, it is hot."]), Ok(())));
    let (heard, ended) = ask(&ag_ui, "Look it up").await;
    let heard = rest(heard);
    let id = heard[0]["tool_call"][0].as_str().unwrap().to_owned();
    assert_eq!((heard, ended), (call_and_result(&id).to_vec(), Ok(())));
    assert_eq!(ask(&ag_ui, "Fail").await, (vec![], Err("agent_error: No matching AG-UI fixture".to_owned())));
}

#[tokio::test]
async fn an_agent_on_the_ai_sdk_answers() {
    let server = ThirdParty::ai_sdk().await;
    let agent = agent(&server.url("/"), &["--agent-protocol=ai-sdk"]);
    let (heard, ended) = ask(&agent, "Is it hot?").await;
    assert_eq!((text(&heard).as_str(), ended), ("Yes, it is hot.", Ok(())));
    let [call, result] = call_and_result("c");
    let pdf = json!({"sourceId": "s2", "mediaType": "application/pdf", "filename": "tea.pdf"});
    assert_eq!(
        rest(heard),
        [
            json!({"reasoning": "I had better look."}),
            call,
            result,
            json!({"source": {"kind": "url", "title": "Tea", "url": "https://tea.example/", "metadata": {"sourceId": "s1"}}}),
            json!({"source": {"kind": "document", "title": "All of tea", "metadata": pdf}}),
            json!({"file": ["data:text/plain;base64,dGVh", "text/plain", null]}),
            json!({"usage": [24, 10, 34]}),
            json!({"model": "scripted"}),
            json!({"finish_reason": "stop"}),
        ]
    );
    assert_eq!(ask(&agent, "Fail").await, (texts(&["Yes"]), Err("agent_error: out of tea".to_owned())));
}

#[tokio::test]
async fn an_agent_on_pydantic_ai_answers_by_ag_ui_and_by_the_ai_sdks_stream() {
    let server = ThirdParty::pydantic_ai().await;
    for (protocol, reason) in [("ag-ui", Some(json!({"finish_reason": "stop"}))), ("ai-sdk", None)] {
        let agent = agent(&server.url(&format!("/{protocol}")), &["--agent-protocol", protocol]);
        let (heard, ended) = ask(&agent, "Is it hot?").await;
        assert_eq!((text(&heard).as_str(), ended), ("Yes, tea is hot.", Ok(())), "{protocol}");
        let [call, result] = call_and_result("c");
        let thought = json!({"reasoning": "I had better look."});
        let expected: Vec<_> = [thought, call, result].into_iter().chain(reason).collect();
        assert_eq!(rest(heard), expected, "{protocol}");
        assert_eq!(
            ask(&agent, "Fail").await,
            (texts(&["Yes"]), Err("agent_error: out of tea".to_owned())),
            "{protocol}"
        );
    }
}
