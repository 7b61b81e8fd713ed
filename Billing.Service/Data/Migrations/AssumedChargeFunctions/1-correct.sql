-- What a call really used, once its word comes after the sweep has charged it for all that was held: the charge is given the real cost, as
-- by a rerating, the first time. Answers each line of such a call with its figures as they are now, and no others. What was refunded
-- stays as it is: what was given back was reckoned from the cost as it stood.
create function billing.correct(
    p_request_ids text[], p_price_versions bigint[], p_costs bigint[], p_provider_costs bigint[], p_now timestamptz)
returns table (r_item int, r_corrected boolean, r_cost bigint, r_provider_cost bigint, r_balance bigint, r_written_off bigint)
language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
    v_account_ids text[];
    v_ids text[];
    v_previous bigint[];
    v_versions bigint[];
    v_costs bigint[];
    v_provider_costs bigint[];
begin
    -- A database whose default is less gets what was promised here.
    if current_setting('synchronous_commit') = 'off' then
        perform set_config('synchronous_commit', 'on', true);
    end if;

    select array_agg(x.account_id) into v_account_ids from billing.assumed_charges x where x.request_id = any (p_request_ids);
    if v_account_ids is null then
        return;
    end if;
    perform from billing.accounts a where a.id = any (v_account_ids) order by a.id for update;

    with corrected as (
        update billing.assumed_charges x set corrected_at = p_now
        where x.request_id = any (p_request_ids) and x.corrected_at is null and x.account_id = any (v_account_ids)
            and not exists (select from billing.bookings b where b.request_id = x.request_id)
        returning x.request_id),
    lines as (
        select distinct on (u.request_id) u.*
        from unnest(p_request_ids, p_price_versions, p_costs, p_provider_costs) with ordinality
            u (request_id, price_version, cost, provider_cost, item)
        where exists (select from corrected c where c.request_id = u.request_id)
        order by u.request_id, u.item)
    select array_agg(l.request_id order by l.item), array_agg(coalesce(r.id, 0) order by l.item),
        array_agg(coalesce(nullif(l.price_version, 0), c.price_version) order by l.item), array_agg(l.cost order by l.item),
        array_agg(l.provider_cost order by l.item)
    into v_ids, v_previous, v_versions, v_costs, v_provider_costs
    from lines l
    cross join lateral (select x.price_version from billing.charges x where x.request_id = l.request_id limit 1) c
    left join lateral (
        select x.id from billing.reratings x where x.request_id = l.request_id order by x.id desc limit 1) r on true;

    if v_ids is not null then
        perform billing.rerate(v_ids, v_previous, v_versions, v_costs, v_provider_costs, p_now);
    end if;

    return query
    select u.item::int, u.request_id = any (coalesce(v_ids, '{}')), coalesce(r.cost, c.cost), coalesce(r.provider_cost, c.provider_cost),
        a.balance, coalesce(r.written_off, c.written_off)
    from unnest(p_request_ids) with ordinality u (request_id, item)
    cross join lateral (select x.account_id from billing.assumed_charges x where x.request_id = u.request_id limit 1) t
    cross join lateral (select x.* from billing.charges x where x.request_id = u.request_id limit 1) c
    cross join lateral (select x.balance from billing.accounts x where x.id = t.account_id limit 1) a
    left join lateral (
        select x.* from billing.reratings x where x.request_id = u.request_id order by x.id desc limit 1) r on true;
end
$$;
