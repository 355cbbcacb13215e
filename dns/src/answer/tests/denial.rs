//! Proofs from zones that were signed elsewhere.
