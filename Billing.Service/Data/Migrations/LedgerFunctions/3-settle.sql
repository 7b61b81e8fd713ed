-- Charges what was used, exactly once by request id. Outcomes: settled (now or earlier: the first one's figures),
-- released. No row for a request id without a hold. An expired hold still settles, because its answer was produced: from
-- what is available then. What neither the hold nor the balance covers is written off.
create function billing.settle(
    p_request_ids text[], p_costs bigint[], p_provider_costs bigint[], p_price_versions bigint[],
    p_requested_models text[], p_providers text[], p_models text[], p_deployments text[],
    p_input_tokens bigint[], p_cached_input_tokens bigint[], p_cache_write_tokens bigint[],
    p_output_tokens bigint[], p_reasoning_tokens bigint[], p_estimated boolean[],
    p_started_at timestamptz[], p_time_to_first_token_ms int[], p_total_ms int[], p_attempts jsonb[],
    p_now timestamptz)
returns table (
    r_item int, r_outcome text, r_cost bigint, r_provider_cost bigint, r_balance bigint, r_written_off bigint,
    r_first boolean)
language plpgsql as $$
declare
    v_account_ids text[];
    v_account record;
    v_used record;
    v_hold billing.holds;
    v_balance bigint;
    v_held bigint;
begin
    -- A database whose default is less gets what was promised here.
    if current_setting('synchronous_commit') = 'off' then
        perform set_config('synchronous_commit', 'on', true);
    end if;

    -- A hold's account never changes, so it may be read before the lock. One lookup by key for each line, here and below: a
    -- join's plan, made for an empty table and kept by the session, was seen to read the whole table for each call.
    select array_agg((select h.account_id from billing.holds h where h.request_id = u.request_id) order by u.item)
    into v_account_ids
    from unnest(p_request_ids) with ordinality u (request_id, item);

    for v_account in
        select a.id, a.balance, a.held from billing.accounts a where a.id = any (v_account_ids) order by a.id for update
    loop
        v_balance := v_account.balance;
        v_held := v_account.held;
        for v_used in
            select u.*
            from unnest(
                p_request_ids, v_account_ids, p_costs, p_provider_costs, p_price_versions, p_requested_models, p_providers,
                p_models, p_deployments, p_input_tokens, p_cached_input_tokens, p_cache_write_tokens, p_output_tokens,
                p_reasoning_tokens, p_estimated, p_started_at, p_time_to_first_token_ms, p_total_ms, p_attempts)
                with ordinality u (
                    request_id, account_id, cost, provider_cost, price_version, requested_model, provider, model,
                    deployment, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens,
                    estimated, started_at, time_to_first_token_ms, total_ms, attempts, item)
            where u.account_id = v_account.id order by u.item
        loop
            r_item := v_used.item;
            select h.* into v_hold from billing.holds h where h.request_id = v_used.request_id;
            -- The row's change is what decides: it happens once for a request id, ever.
            update billing.holds h set state = 'settled', closed_at = p_now
            where h.request_id = v_used.request_id and h.state in ('open', 'expired');
            r_first := found;
            if r_first then
                if v_hold.state = 'open' then
                    v_held := v_held - v_hold.amount;
                end if;
                r_outcome := 'settled';
                r_cost := v_used.cost;
                r_provider_cost := v_used.provider_cost;
                r_written_off := greatest(v_used.cost - (v_balance - v_held), 0);
                -- The write-off comes first, so that no posting leaves a balance below zero.
                if r_written_off > 0 then
                    perform billing.post('write_off', v_account.id, v_used.request_id, v_used.requested_model,
                        v_used.price_version, 'platform', 'customer', r_written_off, v_balance + r_written_off, p_now);
                end if;
                v_balance := v_balance + r_written_off - v_used.cost;
                perform billing.post('charge', v_account.id, v_used.request_id, v_used.requested_model,
                    v_used.price_version, 'customer', 'revenue', v_used.cost, v_balance, p_now);
                if v_used.provider_cost > 0 then
                    perform billing.post('provider_cost', v_account.id, v_used.request_id, v_used.requested_model,
                        v_used.price_version, 'platform', 'provider_cost', v_used.provider_cost, v_balance, p_now);
                end if;
                r_balance := v_balance;
                insert into billing.charges (
                    request_id, account_id, key_id, requested_model, provider, model, deployment, input_tokens,
                    cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, estimated, cost,
                    written_off, provider_cost, markup_basis_points, price_version, balance_after, started_at,
                    time_to_first_token_ms, total_ms, attempts, created_at)
                values (
                    v_used.request_id, v_account.id, v_hold.key_id, v_used.requested_model, v_used.provider,
                    v_used.model, v_used.deployment, v_used.input_tokens, v_used.cached_input_tokens,
                    v_used.cache_write_tokens, v_used.output_tokens, v_used.reasoning_tokens, v_used.estimated,
                    v_used.cost, r_written_off, v_used.provider_cost, v_hold.markup_basis_points, v_used.price_version,
                    v_balance, v_used.started_at, v_used.time_to_first_token_ms, v_used.total_ms, v_used.attempts, p_now);
            else
                select 'settled', c.cost, c.provider_cost, c.balance_after, c.written_off
                into r_outcome, r_cost, r_provider_cost, r_balance, r_written_off
                from billing.charges c where c.request_id = v_used.request_id;
                r_outcome := coalesce(r_outcome, 'released');
            end if;
            return next;
        end loop;
        update billing.accounts a set balance = v_balance, held = v_held
        where a.id = v_account.id and (a.balance, a.held) <> (v_balance, v_held);
    end loop;
end
$$;
