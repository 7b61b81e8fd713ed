-- Expires holds that were found to be due: those that nobody closed or renewed meanwhile. Replicas may sweep at once: the second waits for
-- the first's accounts and then finds nothing open.
drop function billing.expire;
create function billing.expire(p_request_ids text[], p_now timestamptz) returns text[]
language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
    v_account_ids text[];
    v_expired text[];
begin
    select array_agg(h.account_id) into v_account_ids from billing.holds h where h.request_id = any (p_request_ids);
    perform from billing.accounts a where a.id = any (v_account_ids) order by a.id for update;

    with expired as (
        update billing.holds h set state = 'expired', closed_at = p_now
        where h.request_id = any (p_request_ids) and h.state = 'open' and h.expires_at <= p_now and h.account_id = any (v_account_ids)
        returning h.request_id, h.account_id, h.key_id, h.amount, h.created_at, h.limits, h.counted_tokens),
    uncounted as (
        update billing.key_windows k set held_tokens = k.held_tokens - f.tokens, held_cost = k.held_cost - f.cost
        from (select e.account_id, coalesce(e.key_id, '') key_id, w.kind, w.starts, sum(e.counted_tokens)::bigint tokens,
                  sum(e.amount)::bigint cost
              from expired e cross join lateral billing.windows(e.created_at) w where e.limits is not null group by 1, 2, 3, 4) f
        where k.account_id = f.account_id and k.key_id = f.key_id and k.kind = f.kind and k.starts = f.starts),
    freed as (select account_id, sum(amount)::bigint amount from expired group by account_id),
    given as (update billing.accounts a set held = a.held - f.amount from freed f where a.id = f.account_id)
    select coalesce(array_agg(request_id order by request_id), '{}') into v_expired from expired;
    return v_expired;
end
$$;
