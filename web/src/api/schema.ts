// Made from gateway/openapi.json by `npm run api-types`.

export interface paths {
    "/ag-ui": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run the default agent, as AG-UI does.
         * @description Only the last question is believed; the history is the one that is stored. The same `threadId` and `runId` join a run. A
         *     question with an id that is known is answered again, or edited where its text is another. Another run of the same thread
         *     is stopped.
         */
        post: operations["run_default_agent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ag-ui/{agent}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run an agent, as AG-UI does. */
        post: operations["run_named_agent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The configured agents, the default one first. */
        get: operations["list_agents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agents/run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Put a question to an agent.
         * @description The question is saved before the agent is called, and the answer is written to the end whether or not you stay.
         *     With `Accept: text/event-stream` the answer is a stream of `run`, `delta`, `reasoning`, `tool_input`, `tool_call`,
         *     `tool_result`, `source`, `file`, `data`, `title`, `usage` and exactly one of `completed`, `failed`, `cancelled`,
         *     `interrupted`; otherwise one JSON document at the end.
         *     The same `Idempotency-Key` with the same body joins the first run instead of beginning another.
         */
        post: operations["run_agent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Put a question to an agent, as `useChat` does.
         * @description Only the newest message is believed; the history is the one that is stored. Sent again, a question joins its run. With
         *     `messageId`, a question stands beside the one that has this id (an edit), and `regenerate-message` has a question
         *     answered again; nothing is ever deleted. Another run of the same chat is stopped: `stop()` of `useChat` tells us nothing.
         *     Members of the body that are not named here become metadata of the question and reach the agent.
         */
        post: operations["chat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/{id}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop the run that goes on in a chat.
         * @description What was written stays. Nothing happens where another run goes on than the named one, or none.
         */
        post: operations["stop_chat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/{id}/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow the run that goes on in a chat.
         * @description From its first chunk. Nothing (204) where none goes on and none has just ended.
         */
        get: operations["resume_chat"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/citations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Where my messages cite a document, newest message first.
         * @description Name the document by `url` or by `content_hash`, exactly as it was cited. A message that cites it several times comes
         *     several times.
         */
        get: operations["list_citations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/conversations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** My conversations: pinned first, then by last change, newest first. */
        get: operations["list_conversations"];
        put?: never;
        /** Create an empty conversation. */
        post: operations["create_conversation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/conversations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A conversation with its newest page of messages. */
        get: operations["get_conversation"];
        put?: never;
        post?: never;
        /** Delete a conversation with everything in it. */
        delete: operations["delete_conversation"];
        options?: never;
        head?: never;
        /** Change a conversation. */
        patch: operations["update_conversation"];
        trace?: never;
    };
    "/conversations/{id}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of a path: the newest first, the oldest message first within a page. */
        get: operations["list_messages"];
        put?: never;
        /** Append a message; it becomes the newest of the shown path. */
        post: operations["create_message"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages/{id}/feedback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Give, change or take back feedback on a message. */
        put: operations["set_feedback"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages/{id}/siblings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The versions of a message: those with the same parent, itself among them, oldest first. */
        get: operations["list_siblings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages/{id}/sources": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a message cites, in order. */
        get: operations["list_sources"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A run. */
        get: operations["get_run"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop a run.
         * @description What was written stays. The answer is the run as it ended, or as it stands if its gateway needs a moment; a run that had
         *     ended stays as it was.
         */
        post: operations["cancel_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow a run.
         * @description From its first event, or from the one after `Last-Event-ID`, which may be still to come; whether it goes on, here or
         *     elsewhere, or has ended. The last event comes in any case.
         */
        get: operations["follow_run"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search my messages, in all branches, and titles: the best first.
         * @description All words must occur, each as a part of a word; those of two letters at the beginning of one, a single letter as a
         *     word. `"a phrase"` has whole words in order; `-word` and `-"a phrase"` must not occur; `word*` begins a word; `OR`
         *     stands between alternatives. Case and accents do not matter. Chinese, Japanese, Korean, Thai and the like are found
         *     character by character. Archived conversations are searched, too. A page may be shorter than asked for and have a
         *     next one all the same.
         */
        get: operations["search"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who I am. */
        get: operations["get_me"];
        put?: never;
        post?: never;
        /**
         * Erase me and everything of mine, for good.
         * @description It answers when nothing is left. If it breaks off, repeat it. Afterwards my credentials are refused with
         *     `user_erased`, new ones of the same account too.
         */
        delete: operations["erase_me"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/me/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Everything about me, as a download.
         * @description `ndjson` is whole: one JSON object a line, each with a `type`. The first is the `manifest`, then `user`, then each
         *     `conversation` with its `message`s and `run`s, all branches. The last is `completed`, with counts and the SHA-256 of
         *     every byte before it: a file without it was cut. `markdown` is for reading: a ZIP archive with one file for each
         *     conversation.
         */
        get: operations["export_me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chat/completions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Put a question to an agent, as to a model of OpenAI's.
         * @description The last message is the question. `metadata.conversation_id` or the header `x-conversation-id` continues a conversation,
         *     by our id or by one of yours; its history is the one that is stored. Without, a new conversation begins with the
         *     messages that came before the question. The answer names its conversation in `x-conversation-id` and in `colloquy`.
         */
        post: operations["complete"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The agents, as models. */
        get: operations["list_models"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An agent, as a model. */
        get: operations["get_model"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description An agent that can be asked. */
        Agent: {
            /** @description Whether it answers where none is named. */
            default: boolean;
            /** @description The model that it is asked for. */
            model?: string | null;
            /** @description Its name, as `agent` of a run. */
            name: string;
            /** @description How it is spoken to. */
            protocol: string;
        };
        /** @description A place of the text that an address supports. */
        Annotation: {
            /** @description `url_citation` */
            type: string;
            url_citation: components["schemas"]["UrlCitation"];
        };
        /** @description A chat completion, as OpenAI's API has it. */
        ChatCompletion: {
            /** @description Exactly one. */
            choices: components["schemas"]["WholeChoice"][];
            colloquy: components["schemas"]["CompletionFacts"];
            /**
             * Format: int64
             * @description Seconds since 1970.
             */
            created: number;
            /** @description `chatcmpl-` and the id of the run. */
            id: string;
            /** @description The agent. */
            model: string;
            /** @description `chat.completion` */
            object: string;
            usage?: components["schemas"]["CompletionUsage"] | null;
        };
        /** @description A turn of a chat. Other members become metadata of the question. */
        ChatRequest: {
            /** @description Who is to answer; the default agent without. */
            agent?: string | null;
            /** @description The id of the chat with the client, or of the conversation with us. */
            id: string;
            /** @description The newest message, a UI message. */
            message?: Record<string, never> | null;
            /** @description The message that is edited, or answered again. */
            messageId?: string | null;
            /** @description All messages of the client's, of which the last counts; not needed beside `message`. */
            messages?: Record<string, never>[] | null;
            trigger?: components["schemas"]["Trigger"];
        };
        /** @description One place where a message of mine cites a document. */
        Citation: {
            /** Format: uuid */
            conversation_id: string;
            conversation_title?: string | null;
            /**
             * Format: date-time
             * @description When the message was created.
             */
            created_at?: string | null;
            /**
             * Format: uuid
             * @description The message that cites.
             */
            message_id: string;
            /** @description The beginning of the message. */
            preview: string;
            source?: components["schemas"]["Source"] | null;
        };
        /** @description What the protocol has no place for. */
        CompletionFacts: {
            /** Format: uuid */
            conversation_id: string;
            /** Format: uuid */
            message_id: string;
            /** Format: uuid */
            run_id: string;
            sources?: components["schemas"]["Source"][] | null;
            /** Format: uuid */
            user_message_id: string;
        };
        /** @description A chat completion to make. What is not named here, as `temperature`, is the agent's own affair and has no effect. */
        CompletionRequest: {
            /** @description `system`, `developer`, `user` and `assistant` messages with texts; the last is the question. */
            messages: Record<string, never>[];
            /** @description Kept with the question and given to the agent, up to 16 KiB; but for `conversation_id`. */
            metadata?: Record<string, never> | null;
            /** @description The name of the agent. */
            model: string;
            /**
             * Format: int32
             * @description 1, where it is given.
             */
            n?: number | null;
            response_format?: components["schemas"]["ResponseFormat"] | null;
            stream?: boolean | null;
            stream_options?: components["schemas"]["StreamOptions"] | null;
            /** @description Not supported: agents have tools of their own. */
            tools?: Record<string, never>[] | null;
        };
        CompletionUsage: {
            /** Format: int64 */
            completion_tokens: number;
            /** Format: int64 */
            prompt_tokens: number;
            /** Format: int64 */
            total_tokens: number;
        };
        /** @description A conversation without its messages. */
        Conversation: {
            /**
             * Format: uuid
             * @description The newest message of the path that is shown.
             */
            active_leaf_id?: string | null;
            /** @description The agent that answered last. */
            agent?: string | null;
            /** @description Archived conversations are left out of lists unless asked for. */
            archived: boolean;
            /** @description The id that the client gave it. */
            client_id?: string | null;
            /** Format: date-time */
            created_at?: string | null;
            /**
             * Format: date-time
             * @description When a temporary conversation is deleted.
             */
            expires_at?: string | null;
            /** Format: uuid */
            id: string;
            /**
             * Format: int32
             * @description How many messages all branches hold together.
             */
            message_count: number;
            /** @description The client's own, as it came. */
            metadata: Record<string, never>;
            /** @description Pinned conversations come first in lists. */
            pinned: boolean;
            /** @description The beginning of the newest message. */
            preview: string;
            title?: string | null;
            /** Format: date-time */
            updated_at?: string | null;
        };
        /** @description A conversation with its newest page of messages. */
        ConversationWithMessages: components["schemas"]["Conversation"] & {
            /** @description The newest page of the active path, oldest first. */
            messages: components["schemas"]["Page_Message"];
        };
        /** @description How many there are. */
        Counts: {
            /** Format: int64 */
            conversations: number;
            /**
             * Format: int64
             * @description Of all branches.
             */
            messages: number;
            /** Format: int64 */
            runs: number;
            /**
             * Format: int64
             * @description Of these messages.
             */
            sources: number;
        };
        /** @description A new conversation. */
        CreateConversation: {
            /** @description Your own id, unique among your conversations; the same again returns the first conversation. */
            client_id?: string | null;
            /**
             * Format: date-time
             * @description When it is to be deleted; never without.
             */
            expires_at?: string | null;
            /** @description Your own, up to 16 KiB; comes back as it came. */
            metadata?: Record<string, never> | null;
            title?: string | null;
        };
        /** @description A message to append. */
        CreateMessage: {
            /** @description Your own id, unique among your messages; the same again returns the first message. */
            client_id?: string | null;
            /** @description The text. */
            content: string;
            /** @description Your own, up to 16 KiB; comes back as it came. */
            metadata?: Record<string, never> | null;
            /**
             * Format: uuid
             * @description The message it follows; the newest of the shown path without. Null means none: it stands beside the first message.
             */
            parent_id?: string | null;
            role: components["schemas"]["Role"];
            sources?: components["schemas"]["SourceInput"][] | null;
        };
        /** @description The receipt of an erasure. It holds nothing personal. */
        Erasure: {
            /** @description What was removed. */
            counts: components["schemas"]["Counts"];
            /**
             * Format: date-time
             * @description When the erasure was first asked for.
             */
            erased_at?: string | null;
            /**
             * Format: date-time
             * @description When nothing was left of the history.
             */
            finished_at?: string | null;
            /** @description What stays: a keyed hash of the user's id, in hexadecimal digits. */
            tombstone: string;
        };
        /** @description What a reader thought of a message. */
        Feedback: {
            /** Format: date-time */
            created_at?: string | null;
            note?: string | null;
            /** @description `up` or `down`. */
            rating: string;
        };
        /** @description A judgement. */
        FeedbackInput: {
            note?: string | null;
            rating: components["schemas"]["Rating"] | null;
        };
        /** @description One broken place of a request. */
        FieldError: {
            /** @description A stable word. */
            code: string;
            /** @description Its path, as `sources[0].url`. */
            field: string;
            /** @description A sentence for a person. */
            message: string;
        };
        /** @description One message of a conversation's tree. */
        Message: {
            agent?: string | null;
            /** @description The id that the client gave it. */
            client_id?: string | null;
            /**
             * Format: date-time
             * @description When it became final.
             */
            completed_at?: string | null;
            /** @description Its text. */
            content: string;
            /** Format: uuid */
            conversation_id: string;
            /** Format: date-time */
            created_at?: string | null;
            error?: components["schemas"]["RunError"] | null;
            feedback?: components["schemas"]["Feedback"] | null;
            /** @description Why the agent stopped writing: `stop`, `length`, `content_filter`, `tool_calls` or `other`, where it said so. */
            finish_reason?: string | null;
            /** Format: uuid */
            id: string;
            /** @description The client's own, as it came. */
            metadata: Record<string, never>;
            model?: string | null;
            /**
             * Format: uuid
             * @description The message it follows; null for a root.
             */
            parent_id?: string | null;
            /** @description All its parts, each an object with a `type`. */
            parts: Record<string, never>[];
            role: components["schemas"]["Role"];
            /**
             * Format: uuid
             * @description The run that is writing it, to be followed; null once it is final.
             */
            run_id?: string | null;
            siblings?: components["schemas"]["Siblings"] | null;
            /** @description What it cites, in order. */
            sources: components["schemas"]["Source"][];
            status: components["schemas"]["MessageStatus"];
            usage?: components["schemas"]["Usage"] | null;
        };
        /**
         * @description How far a message has come.
         * @enum {string}
         */
        MessageStatus: "pending" | "streaming" | "completed" | "failed" | "cancelled" | "interrupted";
        /** @description An agent, as a model. */
        Model: {
            /**
             * Format: int64
             * @description When it was made: not known.
             */
            created: number;
            /** @description The name of the agent. */
            id: string;
            /** @description `model` */
            object: string;
            owned_by: string;
        };
        /** @description All models. */
        Models: {
            /** @description The default agent first. */
            data: components["schemas"]["Model"][];
            /** @description `list` */
            object: string;
        };
        /**
         * @description What is to happen when another run goes on in the conversation.
         * @enum {string}
         */
        OnConflict: "reject" | "cancel_previous" | "enqueue";
        /** @description What went wrong. Programs switch on `code`; texts may change. */
        OpenAiError: {
            /** @description A stable word. */
            code: string;
            /** @description Everything that is wrong with the request. */
            errors?: components["schemas"]["FieldError"][];
            /** @description A sentence for a person. */
            message: string;
            /** @description The first broken place of the request. */
            param?: string | null;
            /** @description Finds the request in the logs. */
            request_id?: string;
            /** @description The kind of the error, in words of OpenAI's. */
            type: string;
        };
        /** @description An error of the routes below `/v1`. */
        OpenAiProblem: {
            error: components["schemas"]["OpenAiError"];
        };
        /** @description A page of a list that can be walked both ways. */
        PageBothWays_Conversation: {
            /** @description The page. */
            items: {
                /**
                 * Format: uuid
                 * @description The newest message of the path that is shown.
                 */
                active_leaf_id?: string | null;
                /** @description The agent that answered last. */
                agent?: string | null;
                /** @description Archived conversations are left out of lists unless asked for. */
                archived: boolean;
                /** @description The id that the client gave it. */
                client_id?: string | null;
                /** Format: date-time */
                created_at?: string | null;
                /**
                 * Format: date-time
                 * @description When a temporary conversation is deleted.
                 */
                expires_at?: string | null;
                /** Format: uuid */
                id: string;
                /**
                 * Format: int32
                 * @description How many messages all branches hold together.
                 */
                message_count: number;
                /** @description The client's own, as it came. */
                metadata: Record<string, never>;
                /** @description Pinned conversations come first in lists. */
                pinned: boolean;
                /** @description The beginning of the newest message. */
                preview: string;
                title?: string | null;
                /** Format: date-time */
                updated_at?: string | null;
            }[];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next_cursor?: string | null;
            /** @description Pass it as `cursor` for the page before; null at the beginning. */
            prev_cursor?: string | null;
        };
        /** @description A page of a list that can be walked both ways. */
        PageBothWays_Message: {
            /** @description The page. */
            items: {
                agent?: string | null;
                /** @description The id that the client gave it. */
                client_id?: string | null;
                /**
                 * Format: date-time
                 * @description When it became final.
                 */
                completed_at?: string | null;
                /** @description Its text. */
                content: string;
                /** Format: uuid */
                conversation_id: string;
                /** Format: date-time */
                created_at?: string | null;
                error?: components["schemas"]["RunError"] | null;
                feedback?: components["schemas"]["Feedback"] | null;
                /** @description Why the agent stopped writing: `stop`, `length`, `content_filter`, `tool_calls` or `other`, where it said so. */
                finish_reason?: string | null;
                /** Format: uuid */
                id: string;
                /** @description The client's own, as it came. */
                metadata: Record<string, never>;
                model?: string | null;
                /**
                 * Format: uuid
                 * @description The message it follows; null for a root.
                 */
                parent_id?: string | null;
                /** @description All its parts, each an object with a `type`. */
                parts: Record<string, never>[];
                role: components["schemas"]["Role"];
                /**
                 * Format: uuid
                 * @description The run that is writing it, to be followed; null once it is final.
                 */
                run_id?: string | null;
                siblings?: components["schemas"]["Siblings"] | null;
                /** @description What it cites, in order. */
                sources: components["schemas"]["Source"][];
                status: components["schemas"]["MessageStatus"];
                usage?: components["schemas"]["Usage"] | null;
            }[];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next_cursor?: string | null;
            /** @description Pass it as `cursor` for the page before; null at the beginning. */
            prev_cursor?: string | null;
        };
        /** @description A page of a list. */
        Page_Agent: {
            /** @description The page. */
            items: {
                /** @description Whether it answers where none is named. */
                default: boolean;
                /** @description The model that it is asked for. */
                model?: string | null;
                /** @description Its name, as `agent` of a run. */
                name: string;
                /** @description How it is spoken to. */
                protocol: string;
            }[];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next_cursor?: string | null;
        };
        /** @description A page of a list. */
        Page_Citation: {
            /** @description The page. */
            items: {
                /** Format: uuid */
                conversation_id: string;
                conversation_title?: string | null;
                /**
                 * Format: date-time
                 * @description When the message was created.
                 */
                created_at?: string | null;
                /**
                 * Format: uuid
                 * @description The message that cites.
                 */
                message_id: string;
                /** @description The beginning of the message. */
                preview: string;
                source?: components["schemas"]["Source"] | null;
            }[];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next_cursor?: string | null;
        };
        /** @description A page of a list. */
        Page_Message: {
            /** @description The page. */
            items: {
                agent?: string | null;
                /** @description The id that the client gave it. */
                client_id?: string | null;
                /**
                 * Format: date-time
                 * @description When it became final.
                 */
                completed_at?: string | null;
                /** @description Its text. */
                content: string;
                /** Format: uuid */
                conversation_id: string;
                /** Format: date-time */
                created_at?: string | null;
                error?: components["schemas"]["RunError"] | null;
                feedback?: components["schemas"]["Feedback"] | null;
                /** @description Why the agent stopped writing: `stop`, `length`, `content_filter`, `tool_calls` or `other`, where it said so. */
                finish_reason?: string | null;
                /** Format: uuid */
                id: string;
                /** @description The client's own, as it came. */
                metadata: Record<string, never>;
                model?: string | null;
                /**
                 * Format: uuid
                 * @description The message it follows; null for a root.
                 */
                parent_id?: string | null;
                /** @description All its parts, each an object with a `type`. */
                parts: Record<string, never>[];
                role: components["schemas"]["Role"];
                /**
                 * Format: uuid
                 * @description The run that is writing it, to be followed; null once it is final.
                 */
                run_id?: string | null;
                siblings?: components["schemas"]["Siblings"] | null;
                /** @description What it cites, in order. */
                sources: components["schemas"]["Source"][];
                status: components["schemas"]["MessageStatus"];
                usage?: components["schemas"]["Usage"] | null;
            }[];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next_cursor?: string | null;
        };
        /** @description A page of a list. */
        Page_SearchHit: {
            /** @description The page. */
            items: {
                /** Format: uuid */
                conversation_id: string;
                conversation_title?: string | null;
                /**
                 * Format: date-time
                 * @description When the message was written, or the conversation began.
                 */
                created_at?: string | null;
                /**
                 * Format: uuid
                 * @description Pass it as `leaf` to `GET /conversations/{id}/messages` to see the message; null for the title of a conversation
                 *     without messages.
                 */
                leaf_id?: string | null;
                /**
                 * Format: uuid
                 * @description The message; null where the title of the conversation matches.
                 */
                message_id?: string | null;
                /** @description Whether the conversation shows it without that. */
                on_active_path: boolean;
                role?: components["schemas"]["Role"] | null;
                /** @description The place that matches, in order: one line, at most 240 characters. */
                snippet: components["schemas"]["SnippetFragment"][];
            }[];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next_cursor?: string | null;
        };
        /** @description A page of a list. */
        Page_Sibling: {
            /** @description The page. */
            items: {
                /**
                 * Format: uuid
                 * @description The newest message below it, or itself: pass it as `active_leaf_id` to `PATCH /conversations/{id}` to show it.
                 */
                leaf_id: string;
                /** Format: uuid */
                message_id: string;
            }[];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next_cursor?: string | null;
        };
        /** @description A page of a list. */
        Page_Source: {
            /** @description The page. */
            items: {
                content_hash?: string | null;
                /**
                 * Format: uuid
                 * @description Null until the answer is saved.
                 */
                id?: string | null;
                /** @description `url` or `document`. */
                kind: string;
                /** @description Whatever else the agent said, as it came. */
                metadata: Record<string, never>;
                /**
                 * Format: int32
                 * @description Its place, counted from 1.
                 */
                ordinal: number;
                /**
                 * Format: double
                 * @description Higher is better.
                 */
                score?: number | null;
                /** @description The cited text. */
                snippet?: string | null;
                span?: components["schemas"]["Span"] | null;
                title?: string | null;
                url?: string | null;
            }[];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next_cursor?: string | null;
        };
        /** @description An error (RFC 9457). Programs switch on `code`; texts may change. */
        Problem: {
            /** @description A stable word. */
            code: string;
            /** @description A sentence for a person. */
            detail: string;
            /** @description Everything that is wrong with the request. */
            errors: components["schemas"]["FieldError"][];
            message?: components["schemas"]["Message"] | null;
            /** @description Finds the request in the logs. */
            request_id: string;
            run?: components["schemas"]["Run"] | null;
            /**
             * Format: uuid
             * @description The run in the way of the request.
             */
            run_id?: string | null;
            /**
             * Format: int32
             * @description The HTTP status.
             */
            status: number;
            /** @description The status in words. */
            title: string;
            /** @description `about:blank`: the status and the code say what it is. */
            type: string;
        };
        /**
         * @description Thumbs.
         * @enum {string}
         */
        Rating: "up" | "down";
        /** @description How to answer. */
        ResponseFormat: {
            /** @description `text` */
            type: string;
        };
        /**
         * @description Who speaks.
         * @enum {string}
         */
        Role: "user" | "assistant" | "system" | "tool";
        /** @description One question put to an agent. */
        Run: {
            agent: string;
            /** Format: uuid */
            conversation_id: string;
            /** Format: date-time */
            created_at?: string | null;
            error?: components["schemas"]["RunError"] | null;
            /** Format: date-time */
            finished_at?: string | null;
            /** Format: uuid */
            id: string;
            /**
             * Format: uuid
             * @description The answer.
             */
            message_id: string;
            status: components["schemas"]["RunStatus"];
            usage?: components["schemas"]["Usage"] | null;
            /**
             * Format: uuid
             * @description The question.
             */
            user_message_id: string;
        };
        /** @description A run, as AG-UI asks for it. */
        RunAgentInput: {
            context?: Record<string, never>[] | null;
            forwardedProps?: Record<string, never> | null;
            /** @description All messages of the client's, of which the last question counts. */
            messages: Record<string, never>[];
            /** @description Interrupts are not supported. */
            resume?: Record<string, never>[] | null;
            /** @description Your id for the run. The same again joins it. */
            runId: string;
            /** @description Kept with the question and given to the agent, together up to 16 KiB; as are the next three. */
            state?: Record<string, never> | null;
            /** @description The conversation: your id for it, or ours. */
            threadId: string;
            tools?: Record<string, never>[] | null;
        };
        /** @description A run that completed. */
        RunAnswer: {
            /** @description The answer. */
            message: components["schemas"]["Message"];
            run: components["schemas"]["Run"];
            /** @description The question. */
            user_message: components["schemas"]["Message"];
        };
        /** @description Why a run failed. */
        RunError: {
            /** @description A stable word, as `agent_unreachable`. */
            code: string;
            /** @description A sentence for a person. */
            message: string;
        };
        /** @description A question to an agent. */
        RunRequest: {
            /** @description Who is to answer; the default agent without. */
            agent?: string | null;
            /** @description Your own id for the question. */
            client_id?: string | null;
            /**
             * Format: uuid
             * @description The conversation it belongs to; a new one without.
             */
            conversation_id?: string | null;
            /**
             * Format: date-time
             * @description For a new conversation: when it is to be deleted; never without.
             */
            expires_at?: string | null;
            /** @description The question. Either this or `user_message_id`. */
            message?: string | null;
            /** @description Your own, up to 16 KiB; kept with the question as it came, and given to the agent. */
            metadata?: Record<string, never> | null;
            on_conflict?: components["schemas"]["OnConflict"] | null;
            /**
             * Format: uuid
             * @description The message it follows; the newest of the shown path without. Null means none: it stands beside the first message,
             *     as an edit of the first question does.
             */
            parent_id?: string | null;
            /**
             * Format: uuid
             * @description The question that is to be answered again: the answer stands beside those it has.
             */
            user_message_id?: string | null;
        };
        /**
         * @description How far a run has come.
         * @enum {string}
         */
        RunStatus: "running" | "completed" | "failed" | "cancelled" | "interrupted";
        /** @description A message or a title that matches. */
        SearchHit: {
            /** Format: uuid */
            conversation_id: string;
            conversation_title?: string | null;
            /**
             * Format: date-time
             * @description When the message was written, or the conversation began.
             */
            created_at?: string | null;
            /**
             * Format: uuid
             * @description Pass it as `leaf` to `GET /conversations/{id}/messages` to see the message; null for the title of a conversation
             *     without messages.
             */
            leaf_id?: string | null;
            /**
             * Format: uuid
             * @description The message; null where the title of the conversation matches.
             */
            message_id?: string | null;
            /** @description Whether the conversation shows it without that. */
            on_active_path: boolean;
            role?: components["schemas"]["Role"] | null;
            /** @description The place that matches, in order: one line, at most 240 characters. */
            snippet: components["schemas"]["SnippetFragment"][];
        };
        /** @description One of the messages with the same parent. */
        Sibling: {
            /**
             * Format: uuid
             * @description The newest message below it, or itself: pass it as `active_leaf_id` to `PATCH /conversations/{id}` to show it.
             */
            leaf_id: string;
            /** Format: uuid */
            message_id: string;
        };
        /** @description The place of a message among those with the same parent. */
        Siblings: {
            /** Format: int32 */
            count: number;
            /**
             * Format: int32
             * @description Counted from 1.
             */
            index: number;
        };
        /** @description A piece of a snippet. */
        SnippetFragment: {
            /** @description Whether it is what was looked for. */
            highlighted: boolean;
            /** @description Text as it is, never markup. */
            text: string;
        };
        /** @description What a message cites. */
        Source: {
            content_hash?: string | null;
            /**
             * Format: uuid
             * @description Null until the answer is saved.
             */
            id?: string | null;
            /** @description `url` or `document`. */
            kind: string;
            /** @description Whatever else the agent said, as it came. */
            metadata: Record<string, never>;
            /**
             * Format: int32
             * @description Its place, counted from 1.
             */
            ordinal: number;
            /**
             * Format: double
             * @description Higher is better.
             */
            score?: number | null;
            /** @description The cited text. */
            snippet?: string | null;
            span?: components["schemas"]["Span"] | null;
            title?: string | null;
            url?: string | null;
        };
        /** @description What a message cites. */
        SourceInput: {
            content_hash?: string | null;
            kind?: components["schemas"]["SourceKind"] | null;
            /** @description Your own, up to 16 KiB; comes back as it came. */
            metadata?: Record<string, never> | null;
            /**
             * Format: double
             * @description Higher is better.
             */
            score?: number | null;
            /** @description The cited text. */
            snippet?: string | null;
            span?: components["schemas"]["SpanInput"] | null;
            title?: string | null;
            url?: string | null;
        };
        /**
         * @description What a source is.
         * @enum {string}
         */
        SourceKind: "url" | "document";
        /** @description A range of the text, in Unicode scalar values. */
        Span: {
            /** Format: int32 */
            end: number;
            /** Format: int32 */
            start: number;
        };
        /** @description A range of the text, in Unicode scalar values. */
        SpanInput: {
            /**
             * Format: int32
             * @description One past the last character.
             */
            end: number;
            /**
             * Format: int32
             * @description The first character, counted from 0.
             */
            start: number;
        };
        /** @description Which run is to stop. */
        StopRequest: {
            /** @description The id of the run, as `runId` of the message's metadata; any without. */
            activeStreamId?: string | null;
        };
        /** @description How to stream. */
        StreamOptions: {
            /** @description Whether one more chunk tells what the answer cost. */
            include_usage?: boolean | null;
        };
        /**
         * @description What is wanted.
         * @enum {string}
         */
        Trigger: "submit-message" | "regenerate-message";
        /** @description What is to change: at least one member. */
        UpdateConversation: {
            /**
             * Format: uuid
             * @description The newest message of the path to show.
             */
            active_leaf_id?: string | null;
            archived?: boolean | null;
            /**
             * Format: date-time
             * @description When it is to be deleted; null lets it stay.
             */
            expires_at?: string | null;
            /** @description Replaces the whole object. */
            metadata?: Record<string, never> | null;
            pinned?: boolean | null;
            /** @description Null takes the title away. */
            title?: string | null;
        };
        /** @description Where, and by what. */
        UrlCitation: {
            /** Format: int32 */
            end_index: number;
            /** Format: int32 */
            start_index: number;
            title: string;
            url: string;
        };
        /** @description What an answer cost, as far as the agent said. */
        Usage: {
            /** Format: int64 */
            input_tokens?: number | null;
            /** Format: int64 */
            output_tokens?: number | null;
            /** Format: int64 */
            total_tokens?: number | null;
        };
        /** @description A person, as one issuer knows them. */
        User: {
            /**
             * Format: date-time
             * @description When the user was first seen.
             */
            created_at?: string | null;
            email?: string | null;
            /** Format: uuid */
            id: string;
            /** @description The address of a picture. */
            image?: string | null;
            issuer: string;
            name?: string | null;
            subject: string;
        };
        /** @description The answer. */
        WholeChoice: {
            /** @description `stop`, `length` or `content_filter`. */
            finish_reason: string;
            /** Format: int32 */
            index: number;
            logprobs?: Record<string, never> | null;
            message: components["schemas"]["WholeMessage"];
        };
        /** @description Its message. */
        WholeMessage: {
            /** @description The sources that have an address. */
            annotations: components["schemas"]["Annotation"][];
            content: string;
            /** @description What the agent thought aloud. */
            reasoning_content?: string | null;
            refusal?: string | null;
            /** @description `assistant` */
            role: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    run_default_agent: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 200 printable ASCII characters */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RunAgentInput"];
            };
        };
        responses: {
            /** @description Events of AG-UI */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The session cookie came from a page of another origin */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `user_erased`: you were erased */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The run id or idempotency key was used for another request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    run_named_agent: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 200 printable ASCII characters */
                "Idempotency-Key"?: string | null;
            };
            path: {
                /** @description The name of the agent */
                agent: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RunAgentInput"];
            };
        };
        responses: {
            /** @description Events of AG-UI */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The session cookie came from a page of another origin */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `user_erased`: you were erased */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The run id or idempotency key was used for another request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_agents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Agent"];
                };
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    run_agent: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 200 printable ASCII characters */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RunRequest"];
            };
        };
        responses: {
            /** @description The run completed; or its stream began */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunAnswer"];
                    "text/event-stream": string;
                };
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The session cookie came from a page of another origin */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation or parent */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another run goes on: `run_id` names it. Or `user_erased`: you were erased */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The idempotency key was used for another request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The agent failed: `run` and `message` tell of it */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The agent was too slow: `run` and `message` tell of it */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    chat: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 200 printable ASCII characters */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChatRequest"];
            };
        };
        responses: {
            /** @description A UI message stream */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The session cookie came from a page of another origin */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `user_erased`: you were erased */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The idempotency key was used for another request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stop_chat: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of the chat with the client, or of the conversation with us */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StopRequest"];
            };
        };
        responses: {
            /** @description It does not go on */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The session cookie came from a page of another origin */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resume_chat: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of the chat with the client, or of the conversation with us */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A UI message stream */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description Nothing goes on */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_citations: {
        parameters: {
            query?: {
                /** @description The address of the document */
                url?: string;
                /** @description The hash of the document; instead of `url` */
                content_hash?: string;
                /** @description 1 to 100; 20 without */
                limit?: number;
                /** @description `next_cursor` of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Citation"];
                };
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_conversations: {
        parameters: {
            query?: {
                /** @description 1 to 100; 20 without */
                limit?: number;
                /** @description `next_cursor` or `prev_cursor` of another page, with the same filters */
                cursor?: string;
                /** @description Only archived ones, or only the others; the others without */
                archived?: boolean;
                /** @description Only pinned ones, or only the others */
                pinned?: boolean;
                /** @description Only those that this agent answered last */
                agent?: string;
                /** @description Only those changed at or after this RFC 3339 time */
                from?: string;
                /** @description Only those changed before this RFC 3339 time */
                to?: string;
                /** @description Only those with a message that cites something, or only the others */
                has_sources?: boolean;
                /** @description Only those with a message that was judged so */
                feedback?: components["schemas"]["Rating"];
                /** @description Only those whose title or one of whose messages matches, as in `GET /search`. A page may then be shorter than asked for and have a next one all the same */
                q?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageBothWays_Conversation"];
                };
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_conversation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateConversation"];
            };
        };
        responses: {
            /** @description Done */
            201: {
                headers: {
                    /** @description Its address */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Conversation"];
                };
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The session cookie came from a page of another origin */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `user_erased`: you were erased */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_conversation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversationWithMessages"];
                };
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, for you */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_conversation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The session cookie came from a page of another origin */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, for you */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_conversation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateConversation"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Conversation"];
                };
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The session cookie came from a page of another origin */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, for you */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_messages: {
        parameters: {
            query?: {
                /** @description 1 to 200; 50 without */
                limit?: number;
                /** @description `next_cursor` (older) or `prev_cursor` (newer) of another page */
                cursor?: string;
                /** @description The newest message of the path; the shown one without */
                leaf?: string;
                /** @description A message of the path: the first page ends with it, and goes on both ways */
                from?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageBothWays_Message"];
                };
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, for you */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_message: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateMessage"];
            };
        };
        responses: {
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The session cookie came from a page of another origin */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, for you */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The `client_id` names another message */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    set_feedback: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FeedbackInput"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The session cookie came from a page of another origin */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, for you */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_siblings: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Sibling"];
                };
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, for you */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_sources: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Source"];
                };
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, for you */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, for you */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancel_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The session cookie came from a page of another origin */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, for you */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    follow_run: {
        parameters: {
            query?: never;
            header?: {
                "Last-Event-ID"?: string | null;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, for you */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    search: {
        parameters: {
            query: {
                /** @description What to look for: 1 to 1000 characters, at most 32 words and phrases */
                q: string;
                /** @description 1 to 50; 20 without */
                limit?: number;
                /** @description `next_cursor` of the page before, with the same query and filters */
                cursor?: string;
                /** @description Only in archived conversations, or only in the others; all without */
                archived?: boolean;
                /** @description Only in pinned conversations, or only in the others */
                pinned?: boolean;
                /** @description Only in conversations that this agent answered last */
                agent?: string;
                /** @description Only what was written at or after this RFC 3339 time */
                from?: string;
                /** @description Only what was written before this RFC 3339 time */
                to?: string;
                /** @description Only messages of `user`, `assistant`, `system` or `tool`; no titles */
                role?: string;
                /** @description Only in this conversation */
                conversation_id?: string;
                /** @description Only messages with sources, or only those without; no titles */
                has_sources?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_SearchHit"];
                };
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    erase_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Erasure"];
                };
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The session cookie came from a page of another origin */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    export_me: {
        parameters: {
            query?: {
                /** @description `ndjson` or `markdown`; `ndjson` without */
                format?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The export. When it cannot be finished, the connection is broken off */
            200: {
                headers: {
                    /** @description A name for the file */
                    "Content-Disposition"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                    "application/zip": string;
                };
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    complete: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 200 printable ASCII characters */
                "Idempotency-Key"?: string | null;
                /** @description The conversation: our id, or one of yours */
                "x-conversation-id"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CompletionRequest"];
            };
        };
        responses: {
            /** @description The completion; or its chunks */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatCompletion"];
                    "text/event-stream": string;
                };
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
            /** @description The session cookie came from a page of another origin */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
            /** @description No such model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
            /** @description The run was stopped; or `user_erased`: you were erased */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
            /** @description The idempotency key was used for another request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
            /** @description The agent failed */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
            /** @description The agent was too slow */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
        };
    };
    list_models: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Models"];
                };
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
        };
    };
    get_model: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Model"];
                };
            };
            /** @description The request is invalid: `errors` says where */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
            /** @description There is no credential, or none that is accepted */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
            /** @description No such model */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
            /** @description Too many credentials from this address were refused: try again after `Retry-After` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
            /** @description Something broke on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
            /** @description Too much to do, or a service is away: try again after `Retry-After` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
            /** @description The answer took too long */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiProblem"];
                };
            };
        };
    };
}
