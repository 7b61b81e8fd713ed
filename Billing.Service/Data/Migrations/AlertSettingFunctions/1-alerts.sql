create trigger append_only before update or delete or truncate on billing.alert_settings
    for each statement execute function billing.refuse_change();

-- Replaces an account's alerts, and has them looked at. Who changed them is kept; saying the last again is no change. The account's lock:
-- a settlement beside it has either committed, and is seen by that look, or notes its own.
drop function billing.set_alerts;
create function billing.set_alerts(p_account_id text, p_kinds text[], p_amounts bigint[], p_actor jsonb, p_now timestamptz)
returns void language plpgsql as $$
begin
    perform from billing.accounts a where a.id = p_account_id for update;
    delete from billing.alerts a where a.account_id = p_account_id;
    insert into billing.alerts (account_id, kind, amount)
    select p_account_id, u.kind, u.amount from unnest(p_kinds, p_amounts) u (kind, amount);
    insert into billing.alert_settings (account_id, kinds, amounts, actor, created_at)
    select p_account_id, p_kinds, p_amounts, p_actor, p_now
    where not exists (
        select from (select s.kinds, s.amounts from billing.alert_settings s where s.account_id = p_account_id order by s.id desc limit 1) l
        where l.kinds = p_kinds and l.amounts = p_amounts);
    insert into billing.alert_changes (account_id, day) values (p_account_id, (p_now at time zone 'utc')::date);
end
$$;
