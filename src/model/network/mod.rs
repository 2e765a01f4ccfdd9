//! The network as packets see it: the route table a subnet really uses, where its default routes lead, the zone it lies
//! in. The same on both sides; every answer is either certain or says what could not be read.

mod route;
mod zone;

use super::{Estate, Field, Listing, Read, Related, Resource, Unknown, Value};

pub use route::{DefaultRoute, Routes, Target};
pub use zone::Zone;

/// `AWS::EC2::VPC`.
pub const VPC: &str = "AWS::EC2::VPC";
/// `AWS::EC2::Subnet`.
pub const SUBNET: &str = "AWS::EC2::Subnet";
/// `AWS::EC2::RouteTable`.
pub const ROUTE_TABLE: &str = "AWS::EC2::RouteTable";
/// `AWS::EC2::SubnetRouteTableAssociation`.
pub const ASSOCIATION: &str = "AWS::EC2::SubnetRouteTableAssociation";
/// `AWS::EC2::Route`.
pub const ROUTE: &str = "AWS::EC2::Route";
/// `AWS::RDS::DBSubnetGroup`.
pub const DB_SUBNET_GROUP: &str = "AWS::RDS::DBSubnetGroup";

/// What could not be read, and why.
#[derive(Clone, Debug)]
pub struct Unsure<'a> {
    /// What was read.
    pub read: Read<'a>,
    /// Why it does not say.
    pub why: Unknown,
}

/// Certain, or not known.
pub type Known<'a, T> = Result<T, Box<Unsure<'a>>>;

/// The route table of a subnet.
#[derive(Clone, Copy, Debug)]
pub enum Table<'a> {
    /// The subnet is associated with it.
    Explicit(&'a Resource),
    /// Nothing is said, so the VPC's main table holds.
    Main(&'a Resource),
    /// The main table that AWS makes together with a VPC: a template cannot name it, so it has no routes but the local
    /// one.
    Implicit {
        /// The VPC it belongs to.
        vpc: &'a Resource,
    },
}

impl<'a> Unsure<'a> {
    /// Boxed, because it is the rare case.
    #[must_use]
    pub fn new(read: Read<'a>, why: Unknown) -> Box<Self> {
        Box::new(Self { read, why })
    }
}

impl<'a> Table<'a> {
    /// The resource that stands for the table: itself, or the VPC for a table that the template does not show.
    #[must_use]
    pub fn resource(&self) -> &'a Resource {
        match *self {
            Self::Explicit(table) | Self::Main(table) => table,
            Self::Implicit { vpc } => vpc,
        }
    }
}

/// A look at an estate's network.
#[derive(Clone, Copy, Debug)]
pub struct Network<'a> {
    estate: &'a Estate,
}

/// A read that stands for something a resource has no property for: what other resources say of it.
#[must_use]
pub fn about<'a>(resource: &'a Resource, what: &str) -> Read<'a> {
    Read::new(resource, what.to_owned(), Field::Absent { near: resource.at })
}

impl<'a> Network<'a> {
    /// The network of an estate.
    #[must_use]
    pub fn new(estate: &'a Estate) -> Self {
        Self { estate }
    }

    /// The subnets of a VPC.
    #[must_use]
    pub fn subnets(self, vpc: &'a Resource) -> Listing<'a> {
        self.estate.referrers(vpc, SUBNET, "VpcId")
    }

    /// The explicit route table associations of a subnet: one, as a rule, or none.
    #[must_use]
    pub fn associations(self, subnet: &'a Resource) -> Listing<'a> {
        self.estate.referrers(subnet, ASSOCIATION, "SubnetId")
    }

    /// The route table that a subnet really uses: the associated one, else the main one of its VPC.
    pub fn table(self, subnet: &'a Resource) -> Known<'a, Table<'a>> {
        let associations = self.associations(subnet);
        if let Some(association) = associations.items.first() {
            return self.lead(association.get("RouteTableId"), ROUTE_TABLE).map(Table::Explicit);
        }
        if let Some(why) = associations.incomplete {
            return Err(Unsure::new(about(subnet, "RouteTable"), why));
        }
        let vpc = self.lead(subnet.get("VpcId"), VPC)?;
        if !vpc.is_live() {
            return Ok(Table::Implicit { vpc });
        }
        let tables = self.estate.referrers(vpc, ROUTE_TABLE, "VpcId");
        let is_main = |t: &&&Resource| t.attribute("Main").value().and_then(Value::as_bool) == Some(true);
        tables.items.iter().find(is_main).map(|table| Table::Main(table)).ok_or_else(|| {
            Unsure::new(about(vpc, "MainRouteTable"), tables.incomplete.unwrap_or(Unknown::NotCollected))
        })
    }

    /// The default routes of a table.
    #[must_use]
    pub fn default_routes(self, table: Table<'a>) -> Routes<'a> {
        match table {
            Table::Explicit(table) | Table::Main(table) => Routes::of(self.estate, table),
            Table::Implicit { .. } => Routes::default(),
        }
    }

    /// Whether a subnet has a default route to an internet gateway.
    pub fn is_public(self, subnet: &'a Resource) -> Known<'a, bool> {
        let routes = self.default_routes(self.table(subnet)?);
        if routes.found.iter().any(|r| r.target == Target::InternetGateway) {
            return Ok(true);
        }
        routes.unsure.map_or(Ok(false), Err)
    }

    /// Whether a subnet is listed in a database subnet group.
    pub fn is_data(self, subnet: &'a Resource) -> Known<'a, bool> {
        let groups = self.estate.referrers(subnet, DB_SUBNET_GROUP, "SubnetIds");
        match (groups.items.is_empty(), groups.incomplete) {
            (false, _) => Ok(true),
            (true, None) => Ok(false),
            (true, Some(why)) => Err(Unsure::new(about(subnet, "DBSubnetGroup"), why)),
        }
    }

    /// The Availability Zone of a subnet.
    pub fn zone(self, subnet: &'a Resource) -> Known<'a, Zone> {
        zone::of(self.estate, subnet)
    }

    /// Whether a resource belongs to the default VPC, which AWS makes for every region.
    #[must_use]
    pub fn in_default_vpc(self, resource: &'a Resource) -> bool {
        let says = |r: &Resource, fact| r.attribute(fact).value().and_then(Value::as_bool) == Some(true);
        match self.estate.follow(&resource.get("VpcId"), &[VPC]) {
            Related::Found(vpc) => says(vpc, "IsDefault"),
            Related::Missing | Related::Unknown(_) => says(resource, "DefaultForAz"),
        }
    }

    fn lead(self, read: Read<'a>, kind: &str) -> Known<'a, &'a Resource> {
        match self.estate.follow(&read, &[kind]) {
            Related::Found(found) => Ok(found),
            Related::Missing => Err(Unsure::new(read, Unknown::NotCollected)),
            Related::Unknown(why) => Err(Unsure::new(read, why)),
        }
    }
}

#[cfg(test)]
mod tests;
