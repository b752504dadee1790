//! Small closed sets that are stored as words.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $name {
            $($variant,)+
        }

        impl $name {
            /// The word that is stored.
            pub(crate) fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The meaning of a stored word.
            pub(crate) fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

words!(
    /// Who gave a conversation its title.
    TitleSource {
        FirstLine = "first_line",
        Agent = "agent",
        User = "user",
    }
);

words!(
    /// Who speaks.
    Role {
        User = "user",
        Assistant = "assistant",
        System = "system",
        Tool = "tool",
    }
);

words!(
    /// How far a message has come.
    MessageStatus {
        Pending = "pending",
        Streaming = "streaming",
        Completed = "completed",
        Failed = "failed",
        Cancelled = "cancelled",
        Interrupted = "interrupted",
    }
);

words!(
    /// What a source is.
    SourceKind {
        Url = "url",
        Document = "document",
    }
);

words!(
    /// What a reader thought.
    Rating {
        Up = "up",
        Down = "down",
    }
);

words!(
    /// How far a run has come.
    RunStatus {
        Running = "running",
        Completed = "completed",
        Failed = "failed",
        Cancelled = "cancelled",
        Interrupted = "interrupted",
    }
);

words!(
    /// Why an agent stopped writing.
    FinishReason {
        Stop = "stop",
        Length = "length",
        ContentFilter = "content_filter",
        ToolCalls = "tool_calls",
        Other = "other",
    }
);
