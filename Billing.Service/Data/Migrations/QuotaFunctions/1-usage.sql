-- The windows that a moment falls into. A call counts in those of its hold's moment, whenever it ends: so each window begins
-- once, at midnight UTC, and nothing has to be reset.
create function billing.windows(p_at timestamptz) returns table (kind text, starts date)
language sql immutable as $$
    values ('total', date '1970-01-01'), ('day', (p_at at time zone 'utc')::date),
        ('month', date_trunc('month', p_at at time zone 'utc')::date)
$$;

-- Makes the windows that keys with limits have at this moment, from what the keys have used in them. To be called under the
-- accounts' locks, as every function that changes them.
create function billing.open_windows(p_account_ids text[], p_key_ids text[], p_limits text[], p_now timestamptz)
returns void language sql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
    with missing as materialized (
        select k.account_id, k.key_id, w.kind, w.starts, case w.kind
            when 'day' then w.starts + 1
            when 'month' then (w.starts + interval '1 month')::date
            else date 'infinity' end ends
        from (select distinct u.account_id, coalesce(u.key_id, '') key_id
              from unnest(p_account_ids, p_key_ids, p_limits) u (account_id, key_id, limits) where u.limits is not null) k
        cross join lateral billing.windows(p_now) w
        where not exists (
            select from billing.key_windows x
            where x.account_id = k.account_id and x.key_id = k.key_id and x.kind = w.kind and x.starts = w.starts))
    insert into billing.key_windows (account_id, key_id, kind, starts, used_tokens, used_cost, held_tokens, held_cost)
    select m.account_id, m.key_id, m.kind, m.starts, used.tokens, used.cost, 0, 0
    from missing m cross join lateral (
        select coalesce(sum(d.input_tokens + d.cached_input_tokens + d.cache_write_tokens + d.output_tokens), 0)::bigint tokens,
            coalesce(sum(d.cost), 0)::bigint cost
        from billing.usage_days d
        where d.account_id = m.account_id and d.key_id = m.key_id and d.day >= m.starts and d.day < m.ends) used
    order by m.account_id, m.key_id, m.kind
    on conflict do nothing
$$;

-- What settled calls cost otherwise than they did: the differences, in nano-dollars, go to the days and windows of the calls' holds.
-- To be called under the accounts' locks. A request id may be named more than once; one without a charge is passed over.
create function billing.recount(p_request_ids text[], p_costs bigint[], p_written_offs bigint[], p_provider_costs bigint[])
returns void language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
begin
    insert into billing.usage_days as d (
        account_id, key_id, day, model, provider, requests, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens,
        reasoning_tokens, cost, written_off, provider_cost)
    select c.account_id, coalesce(c.key_id, ''), (h.created_at at time zone 'utc')::date, c.requested_model, c.provider, 0, 0, 0, 0, 0, 0,
        sum(u.cost)::bigint, sum(u.written_off)::bigint, sum(u.provider_cost)::bigint
    from unnest(p_request_ids, p_costs, p_written_offs, p_provider_costs) u (request_id, cost, written_off, provider_cost)
    cross join lateral (select x.* from billing.charges x where x.request_id = u.request_id limit 1) c
    cross join lateral (select x.created_at from billing.holds x where x.request_id = u.request_id limit 1) h
    group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
    on conflict (account_id, key_id, day, model, provider) do update set
        cost = d.cost + excluded.cost, written_off = d.written_off + excluded.written_off,
        provider_cost = d.provider_cost + excluded.provider_cost;

    update billing.key_windows k set used_cost = k.used_cost + u.cost
    from (select h.account_id, coalesce(h.key_id, '') key_id, w.kind, w.starts, sum(n.cost)::bigint cost
          from unnest(p_request_ids, p_costs) n (request_id, cost)
          cross join lateral (select x.request_id from billing.charges x where x.request_id = n.request_id limit 1) c
          cross join lateral (select x.* from billing.holds x where x.request_id = n.request_id limit 1) h
          cross join lateral billing.windows(h.created_at) w
          group by 1, 2, 3, 4) u
    where k.account_id = u.account_id and k.key_id = u.key_id and k.kind = u.kind and k.starts = u.starts and u.cost <> 0;
end
$$;
