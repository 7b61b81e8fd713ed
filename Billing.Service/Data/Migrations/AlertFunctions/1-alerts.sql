-- Spending is noted in its own transaction, for accounts that have alerts, and looked at a moment later: a row for each account and day of a
-- statement, never changed, so that no settlement waits for another or for the look.
create function billing.note_spend() returns trigger language plpgsql as $$
begin
    insert into billing.alert_changes (account_id, day)
    select distinct c.account_id, c.day from changed c
    where c.cost > 0 and exists (select from billing.alerts a where a.account_id = c.account_id);
    return null;
end
$$;

create trigger note_spend_inserted after insert on billing.usage_days
    referencing new table as changed for each statement execute function billing.note_spend();
create trigger note_spend_updated after update on billing.usage_days
    referencing new table as changed for each statement execute function billing.note_spend();

-- Replaces an account's alerts, and has them looked at. The account's lock: a settlement beside it has either committed, and is seen by
-- that look, or notes its own.
create function billing.set_alerts(p_account_id text, p_kinds text[], p_amounts bigint[], p_now timestamptz)
returns void language plpgsql as $$
begin
    perform from billing.accounts a where a.id = p_account_id for update;
    delete from billing.alerts a where a.account_id = p_account_id;
    insert into billing.alerts (account_id, kind, amount)
    select p_account_id, u.kind, u.amount from unnest(p_kinds, p_amounts) u (kind, amount);
    insert into billing.alert_changes (account_id, day) values (p_account_id, (p_now at time zone 'utc')::date);
end
$$;

-- Looks at what was noted, p_limit notes at most, and writes an event for each threshold that its window has reached: once, because of
-- the unique index, whoever else looks. Each statement sees what was committed before it began, so the sums include whatever the notes
-- are about; what commits later brings a note of its own. Only thresholds that have not fired are summed up for.
create function billing.fire_alerts(p_limit int, p_deliver boolean, p_now timestamptz, out r_taken int, out r_fired int)
language plpgsql as $$
declare
    v_account_ids text[];
    v_days date[];
begin
    with taken as (
        delete from billing.alert_changes c
        where c.id = any (array(select x.id from billing.alert_changes x order by x.id limit p_limit for update skip locked))
        returning c.account_id, c.day)
    select coalesce(sum(g.notes), 0), array_agg(g.account_id), array_agg(g.day) into r_taken, v_account_ids, v_days
    from (select t.account_id, t.day, count(*) notes from taken t group by t.account_id, t.day) g;

    r_fired := 0;
    if r_taken = 0 then
        return;
    end if;

    with open as materialized (
        select distinct a.account_id, a.kind, w.starts, w.ends, a.amount
        from unnest(v_account_ids, v_days) c (account_id, day)
        join billing.alerts a on a.account_id = c.account_id
        cross join lateral (
            select case a.kind when 'day' then c.day when 'month' then date_trunc('month', c.day)::date else date '1970-01-01' end starts,
                case a.kind when 'day' then c.day when 'month' then (date_trunc('month', c.day) + interval '1 month - 1 day')::date end ends) w
        where not exists (
            select from billing.alert_events e
            where e.account_id = a.account_id and e.kind = a.kind and e.starts = w.starts and e.amount = a.amount)),
    spent as materialized (
        select o.account_id, o.kind, o.starts,
            case o.kind
                when 'total' then (select sum(u.cost) from billing.usage_days u where u.account_id = o.account_id)
                else (
                    select sum(u.cost)
                    from generate_series(o.starts::timestamp, o.ends::timestamp, interval '1 day') d (day)
                    join billing.usage_days u on u.day = d.day::date and u.account_id = o.account_id)
            end spend
        from (select distinct x.account_id, x.kind, x.starts, x.ends from open x) o)
    insert into billing.alert_events (account_id, kind, starts, amount, spend, fired_at, state, attempts, next_at)
    select o.account_id, o.kind, o.starts, o.amount, least(s.spend, 9223372036854775807)::bigint, p_now,
        case when p_deliver then 'waiting' else 'unsent' end, 0, case when p_deliver then p_now end
    from open o
    join spent s on s.account_id = o.account_id and s.kind = o.kind and s.starts = o.starts
    where s.spend >= o.amount
    order by o.account_id, o.kind, o.starts, o.amount
    on conflict (account_id, kind, starts, amount) do nothing;
    get diagnostics r_fired = row_count;
end
$$;

-- Takes alerts whose delivery is due. Until p_next_at nobody else takes them: by then the taker has said how it went, or is gone.
create function billing.take_alerts(p_limit int, p_now timestamptz, p_next_at timestamptz)
returns setof billing.alert_events language sql as $$
    update billing.alert_events e set attempts = e.attempts + 1, next_at = p_next_at
    where e.id = any (array(
        select x.id from billing.alert_events x where x.state = 'waiting' and x.next_at <= p_now
        order by x.next_at limit p_limit for update skip locked))
    returning e.*
$$;
