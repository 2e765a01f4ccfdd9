//! The `driftline` command.

fn main() -> driftline::cli::Exit {
    driftline::cli::main()
}
