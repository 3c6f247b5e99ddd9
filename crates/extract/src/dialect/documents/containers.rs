//! The stack of open JSON containers.

use crate::bounds::MAX_DEPTH;

// One bit per level must fit.
const _: () = assert!(MAX_DEPTH <= u128::BITS as usize);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Array,
    Object,
}

/// The open containers. The lowest bit is the innermost one.
#[derive(Debug, Default)]
pub(super) struct Containers {
    objects: u128,
    depth: usize,
}

impl Containers {
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// Opens a container. Returns `false` if that would exceed [`MAX_DEPTH`].
    pub(super) fn push(&mut self, container: Container) -> bool {
        if self.depth == MAX_DEPTH {
            return false;
        }
        self.objects = self.objects << 1 | u128::from(container == Container::Object);
        self.depth += 1;
        true
    }

    pub(super) fn pop(&mut self) {
        self.objects >>= 1;
        self.depth -= 1;
    }

    pub(super) fn innermost(&self) -> Container {
        match self.objects & 1 {
            0 => Container::Array,
            _ => Container::Object,
        }
    }
}
