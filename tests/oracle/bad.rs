//! 442 malformed or awkward captures: whatever is in them, the ledger adds up.

use super::support::{check_accounts, read_file, shared, table};

#[test]
fn the_ledger_adds_up_on_malformed_captures() {
    let Some(captures) = shared("malformed captures") else { return };
    let public = captures.join("public");
    let rows = table(&public.join("oracle/bad_results.csv"));
    assert_eq!(rows.len(), 442);
    let mut refused = 0;
    for row in &rows {
        match read_file(&public.join(&row["file"])) {
            Ok(output) => check_accounts(&output, &row["file"]),
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty());
            }
        }
    }
    println!("{} files, {refused} refused", rows.len());
}
