//! The edge: CDN, firewalls, DNS, certificates.

mod cloudfront;
mod conditional;
mod headers;
mod origins;
mod protection;
mod waf;

/// The files of this domain, in the order in which their rules are listed.
pub(super) static FILES: &[&[super::Rule]] =
    &[cloudfront::RULES, conditional::RULES, headers::RULES, origins::RULES, protection::RULES, waf::RULES];
