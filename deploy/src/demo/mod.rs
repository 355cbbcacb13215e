//! `gitstead demo`: the main job on one machine, with nothing but Rust, git and a C compiler.
//!
//! A git server with sample zones and calendars, `dns-primary` and `caldav` serving them, and a CA, on loopback ports,
//! in a temporary folder. It runs until Ctrl-C and tells what to try, or with `--check` tries it itself.

mod calendar_check;
mod calendars;
mod check;
mod error;
mod repository;
mod samples;
mod scene;

pub use error::Error;

use scene::Scene;
use tokio::signal::unix::{SignalKind, signal};

/// Run a git server, a DNS primary and a calendar on this machine, to try things out
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Do what the demo tells to paste, and say what failed
    #[arg(long)]
    check: bool,
}

/// Runs the demo until a signal, or the check until its end.
pub fn run(arguments: &Arguments) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Runtime)?;
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::Runtime)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(Error::Runtime)?;
        let signalled = async {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        };
        play(arguments.check, signalled).await
    })
}

async fn play(check: bool, signalled: impl Future<Output = ()>) -> Result<(), Error> {
    tokio::pin!(signalled);
    let mut scene = tokio::select! {
        scene = Scene::set_up() => scene?,
        () = &mut signalled => return Ok(()),
    };
    let result = tokio::select! {
        result = act(check, &mut scene) => result,
        () = signalled => Ok(()),
    };
    if result.is_err() {
        eprint!("{}", scene.last_words());
    }
    scene.tear_down().await;
    result
}

async fn act(check: bool, scene: &mut Scene) -> Result<(), Error> {
    if check {
        return check::run(scene).await;
    }
    print!("{}", scene.instructions());
    Err(scene.wait_for_end().await)
}
