//! What a job promises. `docs/RELIABILITY.md` argues why, the simulation watches that nothing breaks
//! a promise, and `check` refuses a ledger that would break one.

use std::fmt;

/// A promise, by the id that it has everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Promise {
    /// A job succeeds only when every listed object has its complete output.
    NeverEarly,
    /// A job ends once functions and storage work again.
    NeverStuck,
    /// A report names each object without output, and its counts add up.
    Exact,
    /// An output is the same, byte for byte, as without faults, and is visible whole or not at all.
    SameRows,
    /// An object that kills its function takes no other object with it.
    OneByOne,
    /// A function that ends by itself leaves no unfinished upload.
    NothingLeft,
    /// A receipt exists only for a task of the plan, and a newer version's documents stay untouched.
    PlannedOnly,
    /// An object is in one generation, and in a later one only if it is in no file and has changed.
    OneGeneration,
    /// Published rows are the merged rows of exactly the objects that are done, each once.
    MergedRows,
    /// A generation has its marker only when all of its files are in place, and none beside them.
    WholeGenerations,
    /// A version of a digest has one job, and its proof only when all of its files are in place. They have what
    /// the records of the window in exactly the objects that are done add up to, each once.
    WholeDigests,
}

impl Promise {
    /// Every promise, in the order of the documentation.
    pub const ALL: [Self; 11] = [
        Self::NeverEarly,
        Self::NeverStuck,
        Self::Exact,
        Self::SameRows,
        Self::OneByOne,
        Self::NothingLeft,
        Self::PlannedOnly,
        Self::OneGeneration,
        Self::MergedRows,
        Self::WholeGenerations,
        Self::WholeDigests,
    ];

    /// The id.
    pub fn id(self) -> &'static str {
        match self {
            Self::NeverEarly => "P1 never-early",
            Self::NeverStuck => "P2 never-stuck",
            Self::Exact => "P3 exact",
            Self::SameRows => "P4 same-rows",
            Self::OneByOne => "P5 one-by-one",
            Self::NothingLeft => "P6 nothing-left",
            Self::PlannedOnly => "P7 planned-only",
            Self::OneGeneration => "P8 one-generation",
            Self::MergedRows => "P9 merged-rows",
            Self::WholeGenerations => "P10 whole-generations",
            Self::WholeDigests => "P11 whole-digests",
        }
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
