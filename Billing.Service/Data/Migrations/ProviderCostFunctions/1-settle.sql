-- Charges what was used, exactly once by request id. Outcomes: settled (now or earlier: the first one's figures),
-- released. No row for a request id without a hold. An expired hold still settles, because its answer was produced: from
-- what is available then. What neither the hold nor the balance, with its overdraft, covers is written off. What was used counts on
-- the day, and in the windows of the key, of the hold's moment. How the call ended and what its wasted attempts cost stays with the
-- charge, so that another price can be put on it. What each provider call cost is a posting of its own: p_cost_items says to which line
-- it belongs, and a line's sum is its provider cost.
drop function billing.settle;
create function billing.settle(
    p_request_ids text[], p_costs bigint[], p_price_versions bigint[],
    p_requested_models text[], p_providers text[], p_models text[], p_deployments text[],
    p_input_tokens bigint[], p_cached_input_tokens bigint[], p_cache_write_tokens bigint[],
    p_output_tokens bigint[], p_reasoning_tokens bigint[], p_estimated boolean[],
    p_started_at timestamptz[], p_time_to_first_token_ms int[], p_total_ms int[], p_attempts jsonb[],
    p_now timestamptz, p_cache_write_1h_tokens bigint[], p_endings text[], p_free boolean[], p_wasted_prices bigint[],
    p_wasted_costs bigint[], p_considered jsonb[],
    p_cost_items int[], p_cost_amounts bigint[], p_cost_attempts int[], p_cost_providers text[], p_cost_models text[],
    p_cost_deployments text[], p_cost_price_versions bigint[], p_cost_input bigint[], p_cost_cached_input bigint[],
    p_cost_cache_write bigint[], p_cost_cache_write_1h bigint[], p_cost_output bigint[], p_cost_reasoning bigint[])
returns table (
    r_item int, r_outcome text, r_cost bigint, r_provider_cost bigint, r_balance bigint, r_written_off bigint,
    r_first boolean)
language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
    -- The accounts.
    v_ids text[];
    v_balances bigint[];
    v_helds bigint[];
    v_overdrafts bigint[];
    -- The lines: their holds, the place of the account among them, and the first line with the same request id.
    v_account_ids text[];
    v_places int[];
    v_firsts int[];
    v_states text[];
    v_amounts bigint[];
    v_key_ids text[];
    v_markups int[];
    v_held_at timestamptz[];
    v_counted boolean[];
    v_counted_tokens bigint[];
    -- What was decided.
    v_lines int := cardinality(p_request_ids);
    v_outcomes text[] := array_fill(null::text, array[v_lines]);
    v_costs bigint[] := p_costs;
    v_provider_costs bigint[] := array_fill(0::bigint, array[v_lines]);
    v_written_offs bigint[] := array_fill(0::bigint, array[v_lines]);
    v_afters bigint[] := array_fill(null::bigint, array[v_lines]);
    v_settles boolean[] := array_fill(false, array[v_lines]);
    v_settling int := 0;
    v_settled int;
    v_place int;
    v_first int;
    v_charge record;
begin
    -- A database whose default is less gets what was promised here.
    if current_setting('synchronous_commit') = 'off' then
        perform set_config('synchronous_commit', 'on', true);
    end if;

    -- A hold's account never changes, so it may be read before the lock; its state may not.
    select array_agg(l.account_id) into v_account_ids
    from (select (select h.account_id from billing.holds h where h.request_id = u.request_id) account_id
          from unnest(p_request_ids) with ordinality u (request_id, item) order by u.item) l;

    select array_agg(a.id), array_agg(a.balance), array_agg(a.held), array_agg(a.overdraft)
    into v_ids, v_balances, v_helds, v_overdrafts
    from (select x.id, x.balance, x.held, x.overdraft from billing.accounts x
          where x.id = any (v_account_ids) order by x.id for update) a;

    select array_agg(array_position(v_ids, l.account_id)), array_agg(l.first), array_agg(l.state), array_agg(l.amount),
        array_agg(l.key_id), array_agg(l.markup_basis_points), array_agg(l.created_at), array_agg(l.state = 'open' and l.limits is not null),
        array_agg(l.counted_tokens)
    into v_places, v_firsts, v_states, v_amounts, v_key_ids, v_markups, v_held_at, v_counted, v_counted_tokens
    from (select h.account_id, min(u.item) over (partition by u.request_id) first, h.state, h.amount, h.key_id, h.markup_basis_points,
              h.created_at, h.limits, h.counted_tokens
          from unnest(p_request_ids) with ordinality u (request_id, item)
          left join lateral (select x.* from billing.holds x where x.request_id = u.request_id limit 1) h on true
          order by u.item) l;

    for i in 1 .. coalesce(cardinality(p_cost_items), 0) loop
        v_provider_costs[p_cost_items[i]] := v_provider_costs[p_cost_items[i]] + p_cost_amounts[i];
    end loop;

    for i in 1 .. v_lines loop
        v_first := v_firsts[i];
        if v_states[i] is null then
            null;
        elsif v_settles[v_first] then
            v_outcomes[i] := 'settled';
            v_costs[i] := v_costs[v_first];
            v_provider_costs[i] := v_provider_costs[v_first];
            v_written_offs[i] := v_written_offs[v_first];
            v_afters[i] := v_afters[v_first];
        elsif v_states[i] in ('open', 'expired') then
            v_place := v_places[i];
            if v_states[i] = 'open' then
                v_helds[v_place] := v_helds[v_place] - v_amounts[i];
            end if;
            v_outcomes[i] := 'settled';
            v_written_offs[i] := greatest(p_costs[i] - (v_balances[v_place] - v_helds[v_place]) - v_overdrafts[v_place], 0);
            v_balances[v_place] := v_balances[v_place] + v_written_offs[i] - p_costs[i];
            v_afters[i] := v_balances[v_place];
            v_settles[i] := true;
            v_settling := v_settling + 1;
        elsif v_states[i] = 'settled' then
            select c.cost, c.provider_cost, c.balance_after, c.written_off into strict v_charge
            from billing.charges c where c.request_id = p_request_ids[i];
            v_outcomes[i] := 'settled';
            v_costs[i] := v_charge.cost;
            v_provider_costs[i] := v_charge.provider_cost;
            v_written_offs[i] := v_charge.written_off;
            v_afters[i] := v_charge.balance_after;
        else
            v_outcomes[i] := 'released';
        end if;
    end loop;

    if v_settling > 0 then
        -- The rows' change is what decides: it happens once for a request id, ever.
        update billing.holds h set state = 'settled', closed_at = p_now
        from unnest(p_request_ids, v_settles) u (request_id, settles)
        where u.settles and h.request_id = u.request_id and h.state in ('open', 'expired');
        get diagnostics v_settled = row_count;
        if v_settled <> v_settling then
            raise exception 'billing.settle: % holds were to be settled, and % were', v_settling, v_settled;
        end if;

        -- As billing.post does it: what one book loses the other gains. A write-off comes first, so that no posting leaves a balance
        -- below what it may be; a charge of zero is a posting without entries. A provider call's posting says which it was and what it used.
        with p as materialized (
            select nextval('billing.postings_id_seq') id, o.*
            from (select l.item, k.place, l.request_id, l.account_id, l.model, l.price_version, k.kind, k.source, k.target, k.amount,
                      k.balance_after, null::int attempt, null::text provider, null::text provider_model, null::text deployment,
                      null::bigint input_tokens, null::bigint cached_input_tokens, null::bigint cache_write_tokens,
                      null::bigint cache_write_1h_tokens, null::bigint output_tokens, null::bigint reasoning_tokens
                  from unnest(
                      p_request_ids, v_account_ids, p_requested_models, p_price_versions, p_costs, v_written_offs, v_afters, v_settles)
                      with ordinality l (request_id, account_id, model, price_version, cost, written_off, balance_after, settles, item)
                  cross join lateral (values
                      (1, 'write_off', 'platform', 'customer', l.written_off, l.balance_after + l.cost),
                      (2, 'charge', 'customer', 'revenue', l.cost, l.balance_after))
                      k (place, kind, source, target, amount, balance_after)
                  where l.settles and (k.amount > 0 or k.kind = 'charge')
                  union all
                  select c.item, 3 + c.attempt, p_request_ids[c.item], v_account_ids[c.item], p_requested_models[c.item], c.price_version,
                      'provider_cost', 'platform', 'provider_cost', c.amount, v_afters[c.item], c.attempt, c.provider, c.model, c.deployment,
                      c.input, c.cached_input, c.cache_write, c.cache_write_1h, c.output, c.reasoning
                  from unnest(
                      p_cost_items, p_cost_amounts, p_cost_attempts, p_cost_providers, p_cost_models, p_cost_deployments,
                      p_cost_price_versions, p_cost_input, p_cost_cached_input, p_cost_cache_write, p_cost_cache_write_1h, p_cost_output,
                      p_cost_reasoning)
                      c (item, amount, attempt, provider, model, deployment, price_version, input, cached_input, cache_write,
                          cache_write_1h, output, reasoning)
                  where v_settles[c.item] and c.amount > 0
                  order by 1, 2) o),
        posted as (
            insert into billing.postings (
                id, kind, account_id, request_id, model, price_version, balance_after, created_at, attempt, provider, provider_model,
                deployment, input_tokens, cached_input_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens)
            overriding system value
            select p.id, p.kind, p.account_id, p.request_id, p.model, p.price_version, p.balance_after, p_now, p.attempt, p.provider,
                p.provider_model, p.deployment, p.input_tokens, p.cached_input_tokens, p.cache_write_tokens, p.cache_write_1h_tokens,
                p.output_tokens, p.reasoning_tokens
            from p)
        insert into billing.entries (posting_id, book, account_id, amount)
        select p.id, side.book, p.account_id, side.amount
        from p cross join lateral (values (p.source, -p.amount), (p.target, p.amount)) side (book, amount)
        where p.amount <> 0;

        insert into billing.charges (
            request_id, account_id, key_id, requested_model, provider, model, deployment, input_tokens, cached_input_tokens,
            cache_write_tokens, output_tokens, reasoning_tokens, estimated, cost, written_off, provider_cost, markup_basis_points,
            price_version, balance_after, started_at, time_to_first_token_ms, total_ms, attempts, cache_write_1h_tokens, created_at,
            ending, free, wasted_price, wasted_cost, considered)
        select u.request_id, u.account_id, u.key_id, u.requested_model, u.provider, u.model, u.deployment, u.input_tokens,
            u.cached_input_tokens, u.cache_write_tokens, u.output_tokens, u.reasoning_tokens, u.estimated, u.cost, u.written_off,
            u.provider_cost, u.markup, u.price_version, u.balance_after, u.started_at, u.time_to_first_token_ms, u.total_ms,
            u.attempts, u.cache_write_1h_tokens, p_now, u.ending, u.free, u.wasted_price, u.wasted_cost, u.considered
        from unnest(
            p_request_ids, v_account_ids, v_key_ids, p_requested_models, p_providers, p_models, p_deployments, p_input_tokens,
            p_cached_input_tokens, p_cache_write_tokens, p_output_tokens, p_reasoning_tokens, p_estimated, p_costs, v_written_offs,
            v_provider_costs, v_markups, p_price_versions, v_afters, p_started_at, p_time_to_first_token_ms, p_total_ms, p_attempts,
            p_cache_write_1h_tokens, v_settles, p_endings, p_free, p_wasted_prices, p_wasted_costs, p_considered)
            u (request_id, account_id, key_id, requested_model, provider, model, deployment, input_tokens, cached_input_tokens,
                cache_write_tokens, output_tokens, reasoning_tokens, estimated, cost, written_off, provider_cost, markup,
                price_version, balance_after, started_at, time_to_first_token_ms, total_ms, attempts, cache_write_1h_tokens, settles,
                ending, free, wasted_price, wasted_cost, considered)
        where u.settles;

        insert into billing.usage_days as d (
            account_id, key_id, day, model, provider, requests, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens,
            reasoning_tokens, cost, written_off, provider_cost)
        select u.account_id, coalesce(u.key_id, ''), (u.held_at at time zone 'utc')::date, u.model, u.provider, count(*),
            sum(u.input_tokens)::bigint, sum(u.cached_input_tokens)::bigint, sum(u.cache_write_tokens + u.cache_write_1h_tokens)::bigint,
            sum(u.output_tokens)::bigint, sum(u.reasoning_tokens)::bigint, sum(u.cost)::bigint, sum(u.written_off)::bigint,
            sum(u.provider_cost)::bigint
        from unnest(
            v_account_ids, v_key_ids, v_held_at, p_requested_models, p_providers, p_input_tokens, p_cached_input_tokens,
            p_cache_write_tokens, p_cache_write_1h_tokens, p_output_tokens, p_reasoning_tokens, p_costs, v_written_offs, v_provider_costs,
            v_settles)
            u (account_id, key_id, held_at, model, provider, input_tokens, cached_input_tokens, cache_write_tokens, cache_write_1h_tokens,
                output_tokens, reasoning_tokens, cost, written_off, provider_cost, settles)
        where u.settles
        group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
        on conflict (account_id, key_id, day, model, provider) do update set
            requests = d.requests + excluded.requests, input_tokens = d.input_tokens + excluded.input_tokens,
            cached_input_tokens = d.cached_input_tokens + excluded.cached_input_tokens,
            cache_write_tokens = d.cache_write_tokens + excluded.cache_write_tokens,
            output_tokens = d.output_tokens + excluded.output_tokens, reasoning_tokens = d.reasoning_tokens + excluded.reasoning_tokens,
            cost = d.cost + excluded.cost, written_off = d.written_off + excluded.written_off,
            provider_cost = d.provider_cost + excluded.provider_cost;

        -- A key that never had a limit has no windows: one lookup says so.
        update billing.key_windows k set
            used_tokens = k.used_tokens + u.tokens, used_cost = k.used_cost + u.cost,
            held_tokens = k.held_tokens - u.held_tokens, held_cost = k.held_cost - u.held_cost
        from (select t.account_id, t.key_id, w.kind, w.starts, sum(l.tokens)::bigint tokens, sum(l.cost)::bigint cost,
                  coalesce(sum(l.held_tokens) filter (where l.counted), 0)::bigint held_tokens,
                  coalesce(sum(l.held_cost) filter (where l.counted), 0)::bigint held_cost
              from (select n.account_id, coalesce(n.key_id, '') key_id, n.held_at, n.counted, n.cost, n.held_tokens, n.held_cost,
                        n.input + n.cached_input + n.cache_write + n.cache_write_1h + n.output tokens
                    from unnest(
                        v_account_ids, v_key_ids, v_held_at, v_counted, p_input_tokens, p_cached_input_tokens, p_cache_write_tokens,
                        p_cache_write_1h_tokens, p_output_tokens, p_costs, v_counted_tokens, v_amounts, v_settles)
                        n (account_id, key_id, held_at, counted, input, cached_input, cache_write, cache_write_1h, output, cost,
                            held_tokens, held_cost, settles)
                    where n.settles) l
              cross join lateral (
                  select x.account_id, x.key_id from billing.key_windows x
                  where x.account_id = l.account_id and x.key_id = l.key_id and x.kind = 'total' limit 1) t
              cross join lateral billing.windows(l.held_at) w
              group by 1, 2, 3, 4) u
        where k.account_id = u.account_id and k.key_id = u.key_id and k.kind = u.kind and k.starts = u.starts;

        update billing.accounts a set balance = u.balance, held = u.held
        from unnest(v_ids, v_balances, v_helds) u (id, balance, held)
        where a.id = u.id and (a.balance, a.held) <> (u.balance, u.held);
    end if;

    return query
    select u.item::int, u.outcome, u.cost, u.provider_cost, u.balance, u.written_off, u.settles
    from unnest(v_outcomes, v_costs, v_provider_costs, v_afters, v_written_offs, v_settles)
        with ordinality u (outcome, cost, provider_cost, balance, written_off, settles, item)
    where u.outcome is not null;
end
$$;
