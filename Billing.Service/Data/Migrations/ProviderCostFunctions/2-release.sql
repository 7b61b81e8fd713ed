-- Gives holds back whole, to the account and to the windows of the key. What is not held is left as it is, and so is a hold that was made
-- since the accounts were read: its account is not locked.
drop function billing.release;
create function billing.release(p_request_ids text[], p_attempts jsonb[], p_considered jsonb[], p_now timestamptz)
returns int language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
    v_account_ids text[];
    v_released int;
begin
    -- As with a hold: a release that a crash loses is made good by the hold's expiry.
    perform set_config('synchronous_commit', 'off', true);
    select array_agg(h.account_id) into v_account_ids from billing.holds h where h.request_id = any (p_request_ids);
    perform from billing.accounts a where a.id = any (v_account_ids) order by a.id for update;

    with released as (
        update billing.holds h
        set state = 'released', closed_at = p_now, attempts = p_attempts[array_position(p_request_ids, h.request_id)],
            considered = p_considered[array_position(p_request_ids, h.request_id)]
        where h.request_id = any (p_request_ids) and h.state = 'open' and h.account_id = any (v_account_ids)
        returning h.account_id, h.key_id, h.amount, h.created_at, h.limits, h.counted_tokens),
    uncounted as (
        update billing.key_windows k set held_tokens = k.held_tokens - f.tokens, held_cost = k.held_cost - f.cost
        from (select r.account_id, coalesce(r.key_id, '') key_id, w.kind, w.starts, sum(r.counted_tokens)::bigint tokens,
                  sum(r.amount)::bigint cost
              from released r cross join lateral billing.windows(r.created_at) w where r.limits is not null group by 1, 2, 3, 4) f
        where k.account_id = f.account_id and k.key_id = f.key_id and k.kind = f.kind and k.starts = f.starts),
    freed as (select account_id, sum(amount)::bigint amount, count(*) holds from released group by account_id),
    given as (update billing.accounts a set held = a.held - f.amount from freed f where a.id = f.account_id)
    select coalesce(sum(holds), 0) into v_released from freed;
    return v_released;
end
$$;
