//! Secrets that live as long as a stack.

use secrecy::SecretString;
use uuid::Uuid;

/// A secret of 244 random bits, in letters and digits.
pub(crate) fn secret() -> SecretString {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()).into()
}
