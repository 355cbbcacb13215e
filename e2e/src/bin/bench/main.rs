//! `cargo e2e -- bench`: our primary beside BIND, Knot and NSD, and our calendar server beside Radicale and Xandikos,
//! on this machine, in one run; prints markdown tables.
//!
//! `cargo e2e -- bench updates queries` runs some of the scenarios; `--records N` makes the large zone another size,
//! `--rounds N` measures more or fewer times. Every loop is bounded, every server ends with the run.
//!
//! What holds for all of it: loopback, the servers' default durability, one worker each. In each round every server has
//! its turn, and the order rotates, so that what else the machine does hits all alike. Figures are medians over all
//! rounds with the least and the most. Times are wall-clock unless they are called processor time, which is that of the
//! server's processes, in steps of 10 ms. On a machine that others use too, processor time is what can be compared.

// A command line tool that prints tables; a failed expectation has to stop it.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

mod blast;
mod calendar;
mod calendar_servers;
mod certificates;
mod context;
mod fleet;
mod large_update;
mod machine;
mod opening;
mod ours;
mod push;
mod queries;
mod samples_of;
mod soak;
mod streams;
mod table;
mod transfer;
mod update_load;
mod updates;
mod visible;
mod zone_text;

use std::process::ExitCode;

use context::Context;

/// A scenario's name, what it shows, and its function.
type Scenario = (&'static str, &'static str, fn(&mut Context));

const SCENARIOS: [Scenario; 12] = [
    ("updates", "UPDATE accepted and durable, one client, one after another", updates::one_client),
    ("outstanding", "UPDATE accepted and durable, 50 outstanding", updates::fifty_outstanding),
    ("large-update", "one record changed in the large zone", large_update::run),
    ("opening", "from exec to serving", opening::run),
    ("push", "an operator pushes", push::run),
    ("queries", "answers over UDP", queries::run),
    ("streams", "answers over TCP", streams::run),
    ("visible", "an update at the secondaries", visible::run),
    ("certificates", "from a request in DNS to a certificate in DNS", certificates::run),
    ("transfer", "AXFR of the large zone", transfer::run),
    ("calendar", "calendars of two sizes, beside Radicale and Xandikos", calendar::run),
    ("soak", "memory of a sandboxed primary under load", soak::run_soak),
];

fn main() -> ExitCode {
    let (mut context, wanted) = match Context::from_arguments(std::env::args().skip(1)) {
        Ok(parsed) => parsed,
        Err(reason) => {
            eprintln!("bench: {reason}; scenarios: {}", SCENARIOS.map(|(name, ..)| name).join(" "));
            return ExitCode::from(64);
        }
    };
    if let Some(unknown) = wanted.iter().find(|wanted| SCENARIOS.iter().all(|(name, ..)| name != wanted)) {
        eprintln!("bench: there is no scenario {unknown}; there are: {}", SCENARIOS.map(|(name, ..)| name).join(" "));
        return ExitCode::from(64);
    }
    machine::print();
    for (name, what, run) in SCENARIOS {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            println!("\n### {name}: {what}\n");
            let before = machine::Load::now();
            run(&mut context);
            println!("\n{}", before.until_now());
        }
    }
    ExitCode::SUCCESS
}
