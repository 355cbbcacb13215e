//! Passwords from a person: typed twice without an echo, or the first line of standard input.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

/// Why there is no password.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// At fault: the environment.
    #[error("the password cannot be read: {0}")]
    Read(#[from] io::Error),
    /// At fault: who typed.
    #[error("the two passwords are not the same")]
    Different,
    /// At fault: who started us.
    #[error("nobody is at the terminal; --password-stdin reads the password from standard input")]
    NoTerminal,
}

/// A new password for `name`.
pub fn new_password(name: &str, from_input: bool) -> Result<String, PromptError> {
    let input = io::stdin();
    if from_input {
        return Ok(line()?);
    }
    if !input.is_terminal() {
        return Err(PromptError::NoTerminal);
    }
    let first = ask(&format!("Password for {name}: "))?;
    let second = ask("The same again: ")?;
    if first == second { Ok(first) } else { Err(PromptError::Different) }
}

fn ask(question: &str) -> io::Result<String> {
    let input = io::stdin();
    let mut terminal = io::stderr();
    terminal.write_all(question.as_bytes())?;
    let before = tcgetattr(&input)?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&input, OptionalActions::Flush, &silent)?;
    let answer = line();
    tcsetattr(&input, OptionalActions::Flush, &before)?;
    terminal.write_all(b"\n")?;
    answer
}

/// Without the end of the line.
fn line() -> io::Result<String> {
    let mut text = String::new();
    io::stdin().lock().read_line(&mut text)?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}
