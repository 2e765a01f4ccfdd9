//! The file of `--accounts`.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::exit::Failure;
use super::files::unreadable;
use crate::collect::{Accounts, Role};

/// One entry: an account number or role ARN, or more about a role.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Entry {
    Number(u64),
    Name(String),
    Role(RoleEntry),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleEntry {
    role_arn: String,
    external_id: Option<String>,
    #[serde(default)]
    regions: Vec<String>,
}

/// Adds the accounts of a file.
pub(super) fn read(path: &str, external_id: Option<&String>, accounts: &mut Accounts) -> Result<(), Failure> {
    let text = fs::read_to_string(path).map_err(|source| unreadable(Path::new(path), source))?;
    let wrong = |why: String| Failure::Usage(format!("{path}: {why}"));
    let entries: Vec<serde_yaml::Value> =
        serde_yaml::from_str(&text).map_err(|e| wrong(format!("expected a list of accounts: {e}")))?;
    if entries.is_empty() {
        return Err(wrong("the list of accounts is empty".into()));
    }
    for (number, entry) in entries.into_iter().enumerate() {
        let wrong = |why: &str| wrong(format!("entry {}: {why}", number + 1));
        let form = "expected a twelve-digit account number, a role ARN, or {role_arn, external_id, regions}";
        let role = match serde_yaml::from_value(entry).map_err(|_| wrong(form))? {
            // YAML takes unquoted digits for a number, and drops leading zeros.
            Entry::Number(id) if id < 1_000_000_000_000 => {
                accounts.ids.push(format!("{id:012}"));
                continue;
            }
            Entry::Name(id) if is_account(&id) => {
                accounts.ids.push(id);
                continue;
            }
            Entry::Name(arn) => RoleEntry { role_arn: arn, external_id: None, regions: Vec::new() },
            Entry::Role(role) => role,
            Entry::Number(_) => return Err(wrong(form)),
        };
        if !is_role(&role.role_arn) {
            return Err(wrong(form));
        }
        accounts.roles.push(Role {
            arn: role.role_arn,
            external_id: role.external_id.or_else(|| external_id.cloned()),
            regions: role.regions,
        });
    }
    Ok(())
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_role(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    matches!(parts[..], ["arn", _, "iam", "", account, role] if is_account(account) && role.starts_with("role/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts(text: &str) -> Result<Accounts, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        let mut accounts = Accounts::default();
        read(file.path().to_str().unwrap(), None, &mut accounts).map(|()| accounts).map_err(|e| e.to_string())
    }

    #[test]
    fn numbers_arns_and_more_about_a_role_are_read() {
        let read = accounts(
            "- 123456789012\n- 000000000012\n- arn:aws:iam::210987654321:role/audit\n- {role_arn: 'arn:aws-cn:iam::1:role/x'}\n",
        );
        assert!(read.unwrap_err().contains("entry 4: expected a twelve-digit"));
        let read = accounts(
            "- 123456789012\n- '000000000012'\n- role_arn: arn:aws:iam::210987654321:role/path/audit\n  external_id: x\n  regions: [eu-west-1]\n",
        )
        .unwrap();
        assert_eq!(read.ids, ["123456789012", "000000000012"]);
        let role = Role {
            arn: "arn:aws:iam::210987654321:role/path/audit".into(),
            external_id: Some("x".into()),
            regions: vec!["eu-west-1".into()],
        };
        assert_eq!(read.roles, [role]);
    }

    #[test]
    fn what_is_no_list_of_accounts_is_refused() {
        assert!(accounts("accounts: 1").unwrap_err().contains("expected a list of accounts"));
        assert!(accounts("[]").unwrap_err().contains("is empty"));
        assert!(accounts("- {role: x}").unwrap_err().contains("entry 1"));
        assert!(accounts("- arn:aws:iam::1:user/x").unwrap_err().contains("entry 1"));
    }
}
