//! Shared readers: what several rules read in the same way.
