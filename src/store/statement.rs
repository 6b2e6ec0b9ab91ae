//! The statements, each with the table that it is about. They stand in lists, so that a test can
//! prepare every one of them on both engines.

/// One statement, the same text on both engines.
#[derive(Debug, Clone, Copy)]
pub struct Statement {
    /// The table it is about, for error messages.
    pub table: &'static str,
    /// The text, with `$1`, `$2`, … for its parameters.
    pub sql: &'static str,
}

/// Names the statements of a file and lists them in `ALL`.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident on $table:literal = $sql:expr;)*) => {
        $(
            $(#[$doc])*
            pub(super) const $name: $crate::store::statement::Statement =
                $crate::store::statement::Statement { table: $table, sql: $sql };
        )*
        /// Every statement of this file.
        pub(super) const ALL: &[$crate::store::statement::Statement] = &[$($name),*];
    };
}
pub(super) use statements;
