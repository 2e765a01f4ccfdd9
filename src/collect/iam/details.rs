//! The one listing that holds users, groups, roles and customer-managed policies with all their policies.

use aws_sdk_iam::Client;
use aws_sdk_iam::operation::get_account_authorization_details::GetAccountAuthorizationDetailsOutput as Page;
use aws_sdk_iam::types::{EntityType, GroupDetail, ManagedPolicyDetail, RoleDetail, UserDetail};

use super::{PAGE, access_keys, embedded, policies, roles, users};
use crate::collect::shape::token;
use crate::collect::{Cx, Pages};
use crate::model::Unknown;

pub(super) const LIST: &str = "iam:GetAccountAuthorizationDetails";

/// What the listing gave.
pub(super) struct Details {
    pages: Vec<Page>,
    /// Why there may be more, if there may.
    pub(super) end: Result<(), Unknown>,
}

pub(super) async fn read(cx: &Cx, iam: &Client) -> Details {
    let principals = [roles::TYPE, users::TYPE, users::GROUP, access_keys::TYPE];
    let policies = [policies::MANAGED, policies::INLINE, embedded::ROLE, embedded::USER, embedded::GROUP];
    let affects: Vec<_> = principals.iter().chain(&policies).map(|t| t.name).collect();
    let wanted = [EntityType::User, EntityType::Group, EntityType::Role, EntityType::LocalManagedPolicy];
    let request = iam.get_account_authorization_details().set_filter(Some(wanted.into())).max_items(PAGE);
    Details::of(
        cx.pages(LIST, &affects, |start| request.clone().set_marker(start).send(), |page| token(page.marker())).await,
    )
}

impl Details {
    pub(super) fn of(pages: Pages<Page>) -> Self {
        Self { pages: pages.pages, end: pages.end }
    }

    pub(super) fn users(&self) -> impl Iterator<Item = &UserDetail> {
        self.pages.iter().flat_map(Page::user_detail_list)
    }

    pub(super) fn groups(&self) -> impl Iterator<Item = &GroupDetail> {
        self.pages.iter().flat_map(Page::group_detail_list)
    }

    pub(super) fn roles(&self) -> impl Iterator<Item = &RoleDetail> {
        self.pages.iter().flat_map(Page::role_detail_list)
    }

    pub(super) fn policies(&self) -> impl Iterator<Item = &ManagedPolicyDetail> {
        self.pages.iter().flat_map(Page::policies)
    }
}
