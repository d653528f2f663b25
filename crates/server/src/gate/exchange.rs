//! A request on its way through the gate, with what each step found out.

use std::sync::Arc;

use naru_access::{Access, DataAction, Denial, InRepository, PrincipalKind, Pull, Push, Rule};
use naru_codes::Cause;
use naru_identity::ticket::{Owner, Ticket};
use naru_oci::RepositoryName;
use naru_store::Attributes;

use super::authenticate::Showing;
use super::authorize::{AtTarget, authorize, authorize_at_present, in_repository};
use super::{
    Caller, Hosted, Presented, Refusal, Registries, Target, Verified, authenticate, rates,
};
use crate::edge::{Inbound, host};
use crate::state::App;

/// A request on its way.
pub(crate) struct Exchange {
    pub(crate) app: Arc<App>,
    pub(crate) registries: Arc<Registries>,
    pub(crate) hosted: Arc<Hosted>,
    pub(crate) inbound: Inbound,
    pub(crate) target: Target,
    pub(crate) presented: Presented,
    /// Who it is, once that is known.
    pub(crate) caller: Option<Caller>,
    /// The kind of principal that an identity token was asked for, at the directory.
    pub(crate) grantee: Option<PrincipalKind>,
    /// The rule that the right to it rests on, once that is decided.
    pub(crate) granted: Option<Rule>,
    /// The id of the token that it was given, at the endpoints of tokens.
    pub(crate) issued: Option<String>,
}

impl Exchange {
    /// Where and when the credential is shown.
    pub(crate) fn showing(&self) -> Showing<'_> {
        Showing {
            hosted: &self.hosted,
            address: self.inbound.client.address,
            now: self.inbound.time,
        }
    }

    /// Who is asking; it must be somebody, or hold a token.
    pub(crate) async fn authenticate(&mut self) -> Result<Caller, Refusal> {
        if matches!(self.presented, Presented::Nothing) {
            return Err(Denial::new(Cause::CredentialMissing).into());
        }
        self.identify().await
    }

    /// Who is asking; it may be nobody.
    pub(crate) async fn identify(&mut self) -> Result<Caller, Refusal> {
        let begun = |token: &Verified| self.was_begun_by(token);
        let caller = authenticate(&self.app, self.showing(), &self.presented, begun).await?;
        self.admit_caller(caller)
    }

    /// Counts the request as the registry's, before anything about who asks is looked at.
    pub(crate) fn admit(&self) -> Result<(), Denial> {
        let buckets = rates::buckets(&self.target, &self.inbound.method);
        self.app.rates.admit(self.hosted.registry.id, buckets, self.inbound.time)
    }

    /// Now that it is known who asks, counts the request as theirs.
    pub(crate) fn admit_caller(&mut self, caller: Caller) -> Result<Caller, Refusal> {
        self.caller = Some(caller.clone());
        let buckets = rates::buckets(&self.target, &self.inbound.method);
        let from = (self.hosted.registry.id, self.inbound.client.address);
        if !caller.is_anonymous() {
            self.app.metrics.login(caller.credential.word(), true);
        }
        self.app.rates.admit_caller(from, &caller, buckets, self.inbound.time)?;
        Ok(caller)
    }

    /// The capability for an action on the request's target.
    pub(crate) async fn authorize<A>(&mut self) -> Result<Access<A>, Refusal>
    where
        A: DataAction,
        A::Place: AtTarget,
    {
        let caller = self.authenticate().await?;
        let place = A::Place::at(&self.hosted, &self.target);
        // A row of the table whose target has no such place would be a fault of ours.
        let place = place.ok_or_else(|| {
            super::Refused::missing(naru_oci::ErrorCode::NameUnknown, "no such path")
        })?;
        let access = authorize::<A>(&self.app, &self.hosted, &caller, place).await?;
        self.granted = Some(access.rule().clone());
        Ok(access)
    }

    /// The caller's *present* right to pull from another repository of the registry, whatever its
    /// token lists; `None` where it has none.
    pub(crate) async fn may_pull(
        &self,
        repository: &RepositoryName,
    ) -> Result<Option<Access<Pull>>, Refusal> {
        let Some(caller) = &self.caller else { return Ok(None) };
        let place = in_repository(&self.hosted, repository);
        match authorize_at_present::<Pull>(&self.app, &self.hosted, caller, place).await {
            Ok(access) => Ok(Some(access)),
            Err(Refusal::Denied(_)) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// What may be done to a repository, whoever asks.
    pub(crate) async fn attributes(&self, place: &InRepository) -> Result<Attributes, Refusal> {
        let metadata = self.app.store.metadata();
        Ok(self.app.present.attributes(metadata, place).await?)
    }

    /// The upload that the request's target names, if it is this caller's.
    pub(crate) fn ticket(&self, access: &Access<Push>) -> Option<Ticket> {
        let Target::Upload(_, id) = &self.target else { return None };
        let owner = Owner { place: access.place(), principal: access.holder().id };
        Ticket::open(&self.app.upload_key, owner, id)
    }

    /// Whether a token began the upload that the request goes on with.
    fn was_begun_by(&self, token: &Verified) -> bool {
        let Target::Upload(repository, id) = &self.target else { return false };
        let place = in_repository(&self.hosted, repository);
        let owner = Owner { place: &place, principal: token.principal.id };
        let key = &self.app.upload_key;
        Ticket::open(key, owner, id)
            .is_some_and(|ticket| ticket.was_begun_by(key, &token.claims.jti))
    }

    /// Scheme and host that this client reaches the registry at.
    pub(crate) fn origin(&self) -> String {
        let (config, inbound) = (&self.app.config, &self.inbound);
        host::origin(config, &self.hosted, &inbound.client, &inbound.connection)
    }
}
