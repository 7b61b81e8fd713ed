-- Spending is noted in its own transaction, for accounts that have alerts, and looked at a moment later: a row for each account and day of a
-- statement, with what it spent more, or less; never changed, so that no settlement waits for another or for the look.
create or replace function billing.note_spend() returns trigger language plpgsql as $$
begin
    insert into billing.alert_changes (account_id, day, amount)
    select c.account_id, c.day, sum(c.cost)::bigint from changed c
    where c.cost <> 0 and exists (select from billing.alerts a where a.account_id = c.account_id)
    group by c.account_id, c.day;
    return null;
end
$$;

create function billing.note_more_spend() returns trigger language plpgsql as $$
begin
    -- Most accounts have no alerts, and need no comparison.
    if exists (select from changed c where exists (select from billing.alerts a where a.account_id = c.account_id)) then
        insert into billing.alert_changes (account_id, day, amount)
        select c.account_id, c.day, sum(c.cost - p.cost)::bigint
        from changed c
        join previous p on (p.account_id, p.key_id, p.day, p.model, p.provider) = (c.account_id, c.key_id, c.day, c.model, c.provider)
        where c.cost <> p.cost and exists (select from billing.alerts a where a.account_id = c.account_id)
        group by c.account_id, c.day;
    end if;
    return null;
end
$$;

drop trigger note_spend_updated on billing.usage_days;
create trigger note_spend_updated after update on billing.usage_days
    referencing old table as previous new table as changed for each statement execute function billing.note_more_spend();

-- Without alerts nothing is noted: what was summed up for alerts that are gone is not kept up.
create function billing.forget_total() returns trigger language plpgsql as $$
begin
    delete from billing.alert_totals t using gone g where t.account_id = g.account_id;
    return null;
end
$$;

create trigger forget_total after delete on billing.alerts
    referencing old table as gone for each statement execute function billing.forget_total();

-- Looks at what was noted, p_limit notes at most, and writes an event for each threshold that its window has reached: once, because of
-- the unique index, whoever else looks. Each statement sees what was committed before it began, so the sums include whatever the notes
-- are about; what commits later brings a note of its own. Only thresholds that have not fired are summed up for; what an account spent in
-- all is summed up once, and the notes are added to that.
create or replace function billing.fire_alerts(p_limit int, p_deliver boolean, p_now timestamptz, out r_taken int, out r_fired int)
language plpgsql as $$
declare
    v_notes bigint[];
    v_account_ids text[];
    v_days date[];
    v_amounts bigint[];
    v_missing text[];
begin
    with taken as (
        delete from billing.alert_changes c
        where c.id = any (array(select x.id from billing.alert_changes x order by x.id limit p_limit for update skip locked))
        returning c.*)
    select count(*), array_agg(t.id), array_agg(t.account_id), array_agg(t.day), array_agg(t.amount)
    into r_taken, v_notes, v_account_ids, v_days, v_amounts
    from taken t;

    r_fired := 0;
    if r_taken = 0 then
        return;
    end if;

    select array_agg(distinct a.account_id) into v_missing
    from billing.alerts a
    where a.account_id = any (v_account_ids) and a.kind = 'total'
        and not exists (select from billing.alert_totals t where t.account_id = a.account_id)
        and not exists (
            select from billing.alert_events e where e.account_id = a.account_id and e.kind = 'total' and e.amount = a.amount);
    if v_missing is not null then
        -- Under the accounts' locks nobody spends: notes up to this number are in the sum, and those behind it are not.
        perform from billing.accounts a where a.id = any (v_missing) order by a.id for update;
        insert into billing.alert_totals (account_id, spend, last_note)
        select m.account_id,
            least(coalesce((select sum(u.cost) from billing.usage_days u where u.account_id = m.account_id), 0), 9000000000000000000)::bigint,
            nextval('billing.alert_changes_id_seq')
        from unnest(v_missing) m (account_id) order by m.account_id
        on conflict (account_id) do nothing;
    end if;

    perform from billing.alert_totals t where t.account_id = any (v_account_ids) order by t.account_id for update;
    update billing.alert_totals t set spend = least(t.spend + n.amount, 9000000000000000000)::bigint
    from (select u.account_id, sum(u.amount) amount
          from unnest(v_notes, v_account_ids, v_amounts) u (id, account_id, amount)
          join billing.alert_totals x on x.account_id = u.account_id and x.last_note < u.id group by u.account_id) n
    where t.account_id = n.account_id and n.amount <> 0;

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
                when 'total' then (select t.spend from billing.alert_totals t where t.account_id = o.account_id)
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
