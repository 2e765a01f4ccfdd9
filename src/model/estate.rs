//! All resources of one side, indexed, and the references between them resolved the same way on both sides.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::place::places;
use super::{Address, GLOBAL, Kind, Read, Resource, Unknown, Value, types};

type Index = usize;
/// A type and the path of a property of it.
type Property = (Arc<str>, Arc<str>);
/// Which types were listed to the end in which account and region, and why not where not.
pub type Listed = BTreeMap<(Arc<str>, Arc<str>, Arc<str>), Result<(), Unknown>>;

/// Declared resources, or observed ones. Built by [`Estate::new`], read-only afterwards.
#[derive(Debug, Default)]
pub struct Estate {
    resources: Vec<Resource>,
    by_type: BTreeMap<Arc<str>, Vec<Index>>,
    by_logical: HashMap<(Arc<str>, Arc<str>), Index>,
    by_id: HashMap<Arc<str>, Vec<Index>>,
    /// Who names a resource in which property: `KmsKeyId`, `LoggingConfiguration.DestinationBucketName`; elements of a list count for the list.
    referrers: HashMap<(Index, Arc<str>, Arc<str>), Vec<Index>>,
    /// Resources whose property of that path cannot be resolved: they may name anything.
    loose: HashMap<Property, Vec<(Index, Unknown)>>,
    /// Declared side: stacks whose templates may make resources that are not seen (a macro, a loop, an include), and why.
    incomplete: BTreeMap<Arc<str>, (Address, Unknown)>,
    /// Observed side: which types were listed where, and why not where not.
    listed: Option<Listed>,
    /// Observed side: when it was read.
    taken: Option<Timestamp>,
    /// What readers have made of the whole, by its type.
    digests: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

/// Resources found by type or by reference, and whether there may be more of them.
#[derive(Debug)]
pub struct Listing<'a> {
    /// What was found, in a stable order.
    pub items: Vec<&'a Resource>,
    /// Why there may be more, if there may.
    pub incomplete: Option<Unknown>,
}

/// Where a reference leads.
#[derive(Debug)]
pub enum Related<'a> {
    /// To this resource.
    Found(&'a Resource),
    /// To nothing that exists.
    Missing,
    /// Nobody can say.
    Unknown(Unknown),
}

impl Estate {
    /// Indexes resources. `listed` says which types were listed in which account and region (observed side), or is `None` (declared side).
    #[must_use]
    pub fn new(mut resources: Vec<Resource>, listed: Option<Listed>) -> Self {
        resources.extend(places(&resources, listed.as_ref()));
        resources.sort_by(|a, b| (&a.kind, &a.address).cmp(&(&b.kind, &b.address)));
        let mut estate = Self { resources, listed, ..Self::default() };
        estate.index_names();
        estate.index_references();
        estate
    }

    /// Says when an observed estate was read.
    #[must_use]
    pub fn taken_at(self, taken: Option<Timestamp>) -> Self {
        Self { taken, ..self }
    }

    /// When an observed estate was read: what ages are reckoned against. `None` on the declared side.
    #[must_use]
    pub fn taken(&self) -> Option<Timestamp> {
        self.taken
    }

    fn index_names(&mut self) {
        for (n, r) in self.resources.iter().enumerate() {
            self.by_type.entry(Arc::clone(&r.kind)).or_default().push(n);
            if let (Some(stack), Some(logical)) = (&r.address.stack, &r.address.logical_id)
                && !r.is_live()
            {
                self.by_logical.insert((Arc::clone(stack), Arc::clone(logical)), n);
            }
            if let (types::TEMPLATE, Some(stack)) = (&*r.kind, &r.address.stack)
                && let Some(why) = r.attribute("Incomplete").why_unknown()
            {
                self.incomplete.insert(Arc::clone(stack), (r.address.clone(), why));
            }
            for id in [&r.address.physical_id, &r.address.arn, &given_name(r)].into_iter().flatten() {
                self.by_id.entry(Arc::clone(id)).or_default().push(n);
            }
        }
        let count = |kind: &str| self.by_type.get(kind).map_or(0, Vec::len);
        let (stacks, templates) = (count(types::STACK), count(types::TEMPLATE));
        let nobody = Address::default();
        if self.listed.is_none()
            && templates > 0
            && stacks >= templates
            && self.resources.iter().all(|r| r.address.account.is_empty())
        {
            let why = Unknown::Outside("the template of a nested stack".into());
            self.incomplete.insert("".into(), (nobody, why));
        }
    }

    fn index_references(&mut self) {
        let mut referrers: HashMap<(Index, Arc<str>, Arc<str>), Vec<Index>> = HashMap::new();
        let mut loose: HashMap<Property, Vec<(Index, Unknown)>> = HashMap::new();
        for (n, r) in self.resources.iter().enumerate() {
            leaves(&r.properties, &mut String::new(), &mut |path, value| {
                for target in self.targets(value, &r.address) {
                    referrers.entry((target, Arc::clone(&r.kind), path.into())).or_default().push(n);
                }
                if let Kind::Unknown(why) = &value.kind {
                    loose.entry((Arc::clone(&r.kind), path.into())).or_default().push((n, why.clone()));
                }
            });
        }
        self.referrers = referrers;
        self.loose = loose;
    }

    /// Everything a value may name: one resource as a rule, several of different types if they share an id.
    fn targets(&self, value: &Value, from: &Address) -> Vec<Index> {
        if let Kind::Ref(reference) = &value.kind
            && let Some(&n) = self.by_logical.get(&(Arc::clone(&reference.stack), Arc::clone(&reference.logical_id)))
            && reference.attribute.as_deref().is_none_or(|a| !a.starts_with("Outputs."))
        {
            return vec![n];
        }
        let Some(id) = value.as_str() else { return Vec::new() };
        let near = |n: &Index| self.at_place(*n).is_some_and(|r| r.address.near(from));
        if let Some(found) = self.by_id.get(id) {
            return found.iter().copied().filter(near).collect();
        }
        if !id.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Vec::new();
        }
        let any_case = |n: &Index| self.at_place(*n).is_some_and(|r| &*spelled(&r.kind, id) != id) && near(n);
        self.by_id.get(&*id.to_ascii_lowercase()).into_iter().flatten().copied().filter(any_case).collect()
    }

    /// The resource that stands at a place.
    #[must_use]
    pub fn at_place(&self, n: usize) -> Option<&Resource> {
        self.resources.get(n)
    }

    /// How many resources there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.resources.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }

    /// Every resource, by type and then by address.
    pub fn iter(&self) -> impl Iterator<Item = &Resource> {
        self.resources.iter()
    }

    /// All resources of a type, wherever they are.
    pub fn of_type(&self, kind: &str) -> impl Iterator<Item = &Resource> {
        self.by_type.get(kind).into_iter().flatten().filter_map(|&n| self.at_place(n))
    }

    /// The resources of a type in the same stack (or template) as `from`: found without looking at those of others.
    pub fn beside(&self, from: &Resource, kind: &str) -> impl Iterator<Item = &Resource> {
        let place = |r: &Resource| (r.address.account.clone(), r.address.region.clone(), r.address.stack.clone());
        let wanted = place(from);
        let all = self.by_type.get(kind).map_or(&[][..], Vec::as_slice);
        let start = all.partition_point(|&n| self.at_place(n).is_some_and(|r| place(r) < wanted));
        let rest = all.get(start..).unwrap_or_default();
        rest.iter().filter_map(|&n| self.at_place(n)).take_while(move |r| place(r) == wanted)
    }

    /// The declared resource of a logical id.
    #[must_use]
    pub fn by_logical_id(&self, stack: &str, logical_id: &str) -> Option<&Resource> {
        self.by_logical.get(&(stack.into(), logical_id.into())).and_then(|&n| self.at_place(n))
    }

    /// The resources of a type that `from` can know: same account and region.
    #[must_use]
    pub fn of(&self, from: &Resource, kind: &str) -> Listing<'_> {
        let items = self.of_type(kind).filter(|r| r.address.near(&from.address)).collect();
        Listing { items, incomplete: self.why_unlisted(kind, &from.address) }
    }

    /// The resources of a type that name `target` in a property (`A.B` for one below another), directly or in a list.
    /// `incomplete` also says so if one of them may name it without our being able to tell.
    #[must_use]
    pub fn referrers(&self, target: &Resource, kind: &str, property: &str) -> Listing<'_> {
        let mut incomplete = self.why_unlisted(kind, &target.address);
        let ends = property.match_indices('.').map(|(end, _)| end).chain([property.len()]);
        let above = ends.filter_map(|end| property.get(..end));
        let loose = above.filter_map(|path| self.loose.get(&(kind.into(), path.into()))).flatten();
        let near = |n: Index| self.at_place(n).is_some_and(|r| r.address.near(&target.address));
        incomplete = incomplete.or_else(|| loose.into_iter().find(|(n, _)| near(*n)).map(|(_, why)| why.clone()));
        let items = self
            .place_of(target)
            .and_then(|n| self.referrers.get(&(n, kind.into(), property.into())))
            .into_iter()
            .flatten()
            .filter_map(|&n| self.at_place(n))
            .collect();
        Listing { items, incomplete }
    }

    /// Follows a reference to a resource of one of some types.
    #[must_use]
    pub fn follow(&self, read: &Read<'_>, kinds: &[&str]) -> Related<'_> {
        let Some(value) = read.value() else {
            return read.why_unknown().map_or(Related::Missing, Related::Unknown);
        };
        let from = &read.resource.address;
        let found = self.targets(value, from).into_iter().filter_map(|n| self.at_place(n));
        if let Some(resource) = found.into_iter().find(|r| kinds.contains(&&*r.kind)) {
            return Related::Found(resource);
        }
        if let Some(why) = value.why_unknown() {
            return Related::Unknown(why);
        }
        if let Some(why) = kinds.iter().find_map(|kind| self.why_unlisted(kind, from)) {
            return Related::Unknown(why);
        }
        match &self.listed {
            Some(_) => Related::Missing,
            None => Related::Unknown(Unknown::Outside(value.to_string().into())),
        }
    }

    /// Why there may be more resources of a type around an address than are known; `None` if there are not.
    #[must_use]
    pub fn why_unlisted(&self, kind: &str, from: &Address) -> Option<Unknown> {
        let Some(listed) = &self.listed else {
            return match (&from.stack, from.logical_id.as_ref().or(from.physical_id.as_ref())) {
                (Some(stack), Some(_)) => self.incomplete.get(stack).map(|(_, why)| why.clone()),
                // A place, or a template itself: whatever any template around it may make.
                _ => self.incomplete.values().find(|(address, _)| address.near(from)).map(|(_, why)| why.clone()),
            };
        };
        let of_kind = |region: &str| (Arc::from(kind), Arc::clone(&from.account), Arc::from(region));
        // What is global knows every region of its account.
        let ends: Vec<&Result<(), Unknown>> = if &*from.region == GLOBAL {
            let start = of_kind("");
            let same = |key: &(Arc<str>, Arc<str>, Arc<str>)| key.0 == start.0 && key.1 == start.1;
            listed.range(start.clone()..).take_while(|(key, _)| same(key)).map(|(_, end)| end).collect()
        } else {
            [&*from.region, GLOBAL].iter().filter_map(|region| listed.get(&of_kind(region))).collect()
        };
        if let Some(why) = ends.iter().find_map(|end| end.as_ref().err()) {
            return Some(why.clone());
        }
        ends.is_empty().then_some(Unknown::NotCollected)
    }

    /// Whether resources of a type were listed to the end in every account and region where anybody tried, and anywhere at all.
    #[must_use]
    pub fn was_listed(&self, kind: &str) -> bool {
        if matches!(kind, types::REGION | types::WHOLE_ACCOUNT) {
            return true;
        }
        let mut ends = self.listed.iter().flatten().filter(|((listed, ..), _)| &**listed == kind).peekable();
        ends.peek().is_some() && ends.all(|(_, end)| end.is_ok())
    }

    /// Something that is made of the whole estate once and then looked up for each resource: an index, so that a rule stays linear.
    /// `make` must depend on the estate alone; the type names it.
    pub fn digest<T: Send + Sync + 'static>(&self, make: impl FnOnce(&Self) -> T) -> Arc<T> {
        let known = |digests: &HashMap<TypeId, Arc<dyn Any + Send + Sync>>| {
            digests.get(&TypeId::of::<T>()).map(Arc::clone).and_then(|any| any.downcast::<T>().ok())
        };
        let lock = || self.digests.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(digest) = known(&lock()) {
            return digest;
        }
        // Made without the lock: it may need another digest. Two threads may both make it, and then make the same.
        let digest = Arc::new(make(self));
        lock().insert(TypeId::of::<T>(), Arc::clone(&digest) as Arc<dyn Any + Send + Sync>);
        digest
    }

    /// Where a resource stands in [`Estate::iter`], for digests.
    #[must_use]
    pub fn place_of(&self, resource: &Resource) -> Option<Index> {
        let all = self.by_type.get(&resource.kind)?;
        let key = (&resource.kind, &resource.address);
        let n = all.partition_point(|&n| self.at_place(n).is_some_and(|r| (&r.kind, &r.address) < key));
        all.get(n).copied().filter(|&n| self.at_place(n).is_some_and(|r| r.address == resource.address))
    }
}

/// Types that others may name by the text of a property instead of by a reference or id, and the property that gives them the name.
const NAMED: &[(&str, &str)] = &[
    ("AWS::AutoScaling::AutoScalingGroup", "AutoScalingGroupName"),
    ("AWS::AutoScaling::LaunchConfiguration", "LaunchConfigurationName"),
    ("AWS::CloudWatch::Alarm", "AlarmName"),
    ("AWS::CloudWatch::CompositeAlarm", "AlarmName"),
    ("AWS::CodeDeploy::Application", "ApplicationName"),
    ("AWS::CodeDeploy::DeploymentConfig", "DeploymentConfigName"),
    ("AWS::EC2::LaunchTemplate", "LaunchTemplateName"),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "Name"),
    ("AWS::IAM::Group", "GroupName"),
    ("AWS::IAM::InstanceProfile", "InstanceProfileName"),
    ("AWS::IAM::Role", "RoleName"),
    ("AWS::IAM::User", "UserName"),
    ("AWS::KMS::Alias", "AliasName"),
    ("AWS::Lambda::Function", "FunctionName"),
    ("AWS::RDS::DBCluster", "DBClusterIdentifier"),
    ("AWS::RDS::DBClusterParameterGroup", "DBClusterParameterGroupName"),
    ("AWS::RDS::DBInstance", "DBInstanceIdentifier"),
    ("AWS::RDS::DBParameterGroup", "DBParameterGroupName"),
    ("AWS::RDS::GlobalCluster", "GlobalClusterIdentifier"),
    ("AWS::RDS::OptionGroup", "OptionGroupName"),
    ("AWS::S3::Bucket", "BucketName"),
];

/// Types whose names are looked up on the observed side too. Of all others the name is the physical id there.
const NAMED_LIVE: &[&str] =
    &["AWS::EC2::LaunchTemplate", "AWS::ElasticLoadBalancingV2::TargetGroup", "AWS::KMS::Alias", "AWS::S3::Bucket"];

/// The name that a resource is given by one of its own properties, where that is not its physical id anyway.
fn given_name(r: &Resource) -> Option<Arc<str>> {
    let (kind, property) = NAMED.iter().find(|(kind, _)| *kind == &*r.kind)?;
    if r.is_live() && !NAMED_LIVE.contains(kind) {
        return None;
    }
    let name = spelled(&r.kind, r.properties.child(property).and_then(Value::as_str)?);
    (r.address.physical_id.as_deref() != Some(&*name)).then_some(name)
}

/// A name as it is looked up: RDS takes its names in any case and keeps them in lower case.
fn spelled(kind: &str, name: &str) -> Arc<str> {
    if kind.starts_with("AWS::RDS::") { name.to_ascii_lowercase().into() } else { name.into() }
}

/// Calls `found` with every scalar below a value and its path; elements of a list go by the list's path.
fn leaves(value: &Value, path: &mut String, found: &mut impl FnMut(&str, &Value)) {
    match &value.kind {
        Kind::Map(map) => {
            for (key, entry) in map {
                let end = path.len();
                if end > 0 {
                    path.push('.');
                }
                path.push_str(key);
                leaves(&entry.value, path, found);
                path.truncate(end);
            }
        }
        Kind::List(list) => list.iter().for_each(|item| leaves(item, path, found)),
        _ => found(path, value),
    }
}

#[cfg(test)]
mod tests;
