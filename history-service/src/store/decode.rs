//! Stored words and ids as what they mean.

use sqlx::{
    Decode, Postgres, Type,
    error::BoxDynError,
    postgres::{PgTypeInfo, PgValueRef},
};
use uuid::Uuid;

use crate::{
    id::{ConversationId, MessageId, RunId, SourceId},
    word::{FinishReason, MessageStatus, Rating, Role, RunStatus, SourceKind, TitleSource},
};

macro_rules! words {
    ($($name:ident),+) => {
        $(
            impl Type<Postgres> for $name {
                fn type_info() -> PgTypeInfo {
                    <str as Type<Postgres>>::type_info()
                }
            }

            impl<'r> Decode<'r, Postgres> for $name {
                fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
                    let word = <&str as Decode<Postgres>>::decode(value)?;
                    $name::from_word(word).ok_or_else(|| format!("unknown {}: {word}", stringify!($name)).into())
                }
            }
        )+
    };
}

macro_rules! ids {
    ($($name:ident),+) => {
        $(
            impl Type<Postgres> for $name {
                fn type_info() -> PgTypeInfo {
                    <Uuid as Type<Postgres>>::type_info()
                }
            }

            impl<'r> Decode<'r, Postgres> for $name {
                fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
                    <Uuid as Decode<Postgres>>::decode(value).map(Self)
                }
            }
        )+
    };
}

words!(FinishReason, MessageStatus, Rating, Role, RunStatus, SourceKind, TitleSource);
ids!(ConversationId, MessageId, RunId, SourceId);

impl sqlx::postgres::PgHasArrayType for SourceId {
    fn array_type_info() -> PgTypeInfo {
        <Uuid as sqlx::postgres::PgHasArrayType>::array_type_info()
    }
}

impl sqlx::postgres::PgHasArrayType for SourceKind {
    fn array_type_info() -> PgTypeInfo {
        <String as sqlx::postgres::PgHasArrayType>::array_type_info()
    }
}

impl sqlx::postgres::PgHasArrayType for Role {
    fn array_type_info() -> PgTypeInfo {
        <String as sqlx::postgres::PgHasArrayType>::array_type_info()
    }
}
