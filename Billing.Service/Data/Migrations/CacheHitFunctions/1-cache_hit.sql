-- Charges an answer that was given again, once by request id: p_price, and never more than the call that the answer is from costs. It is
-- decided at once, under the account's lock, so that nothing needs to be held. Outcomes: charged (now or earlier: the first one's
-- figures), unknown (the account has no settled call p_source), foreign (the request id is another call's), insufficient (the figures as
-- decided on; r_windows as in billing.hold). What is free is recorded whatever there is of money.
create function billing.cache_hit(
    p_request_id text, p_account_id text, p_key_id text, p_source text, p_price bigint, p_limits bigint[], p_now timestamptz,
    out r_outcome text, out r_cost bigint, out r_balance bigint, out r_held bigint, out r_overdraft bigint, out r_windows bigint[],
    out r_first boolean)
language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
    v_source billing.charges;
    v_known billing.cache_hits;
    v_posting_id bigint;
    v_left bigint;
begin
    r_first := false;
    select a.balance, a.held, a.overdraft into r_balance, r_held, r_overdraft
    from billing.accounts a where a.id = p_account_id for update;
    select c.* into v_source from billing.charges c where c.request_id = p_source and c.account_id = p_account_id;
    if not found then
        r_outcome := 'unknown';
        return;
    end if;

    select h.* into v_known from billing.cache_hits h where h.request_id = p_request_id;
    if found or exists (select from billing.holds h where h.request_id = p_request_id) then
        r_outcome := case when v_known.account_id = p_account_id then 'charged' else 'foreign' end;
        r_cost := v_known.cost;
        return;
    end if;

    select least(p_price, coalesce(
        (select r.cost from billing.reratings r where r.request_id = p_source order by r.id desc limit 1), v_source.cost)) into r_cost;
    if r_cost > 0 then
        -- A database whose default is less gets what was promised here.
        if current_setting('synchronous_commit') = 'off' then
            perform set_config('synchronous_commit', 'on', true);
        end if;
        if p_limits is not null then
            perform billing.open_windows(array[p_account_id], array[p_key_id], array[p_limits::text], p_now);
            select array_agg(k.used_tokens order by k.place) || array_agg(k.held_tokens order by k.place)
                    || array_agg(k.used_cost order by k.place) || array_agg(k.held_cost order by k.place),
                min(p_limits[3 + k.place] - k.used_cost - k.held_cost)
            into r_windows, v_left
            from (select x.*, array_position(array['total', 'day', 'month'], x.kind) place
                  from billing.windows(p_now) w join billing.key_windows x
                      on x.account_id = p_account_id and x.key_id = coalesce(p_key_id, '') and x.kind = w.kind and x.starts = w.starts) k;
        end if;
        if r_cost > coalesce(v_left, r_cost) or r_balance::numeric - r_held + r_overdraft < r_cost then
            r_outcome := 'insufficient';
            return;
        end if;
    else
        -- A row without money may be lost in a crash of the database.
        perform set_config('synchronous_commit', 'off', true);
    end if;

    insert into billing.cache_hits (request_id, account_id, key_id, requested_model, provider, model, deployment, source_request_id, cost, created_at)
    values (p_request_id, p_account_id, p_key_id, v_source.requested_model, v_source.provider, v_source.model, v_source.deployment, p_source,
        r_cost, p_now)
    on conflict (request_id) do nothing;
    if not found then
        -- The account's lock keeps its own repetitions out, not another account that came with the same request id meanwhile.
        r_outcome := 'foreign';
        return;
    end if;

    r_outcome := 'charged';
    r_first := true;
    r_balance := r_balance - r_cost;
    v_posting_id := nextval('billing.postings_id_seq');
    insert into billing.postings (id, kind, account_id, request_id, model, price_version, balance_after, created_at)
    overriding system value
    values (v_posting_id, 'cache_hit', p_account_id, p_request_id, v_source.requested_model, null, r_balance, p_now);

    insert into billing.usage_days as d (
        account_id, key_id, day, model, provider, requests, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens,
        reasoning_tokens, cost, written_off, provider_cost)
    values (p_account_id, coalesce(p_key_id, ''), (p_now at time zone 'utc')::date, v_source.requested_model, v_source.provider,
        1, 0, 0, 0, 0, 0, r_cost, 0, 0)
    on conflict (account_id, key_id, day, model, provider) do update set requests = d.requests + 1, cost = d.cost + excluded.cost;

    if r_cost > 0 then
        insert into billing.entries (posting_id, book, account_id, amount)
        values (v_posting_id, 'customer', p_account_id, -r_cost), (v_posting_id, 'revenue', p_account_id, r_cost);
        update billing.accounts a set balance = r_balance where a.id = p_account_id;
        update billing.key_windows k set used_cost = k.used_cost + r_cost
        from billing.windows(p_now) w
        where k.account_id = p_account_id and k.key_id = coalesce(p_key_id, '') and k.kind = w.kind and k.starts = w.starts;
    end if;
end
$$;
