-- Gives holds back whole. What is not held is left as it is.
create function billing.release(p_request_ids text[], p_attempts jsonb[], p_now timestamptz)
returns int language plpgsql as $$
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
        set state = 'released', closed_at = p_now, attempts = p_attempts[array_position(p_request_ids, h.request_id)]
        where h.request_id = any (p_request_ids) and h.state = 'open'
        returning h.account_id, h.amount),
    freed as (select account_id, sum(amount)::bigint amount, count(*) holds from released group by account_id),
    given as (update billing.accounts a set held = a.held - f.amount from freed f where a.id = f.account_id)
    select coalesce(sum(holds), 0) into v_released from freed;
    return v_released;
end
$$;

-- Expires open holds that are due, the oldest first: of p_limit that were found, those that nobody closed or renewed
-- meanwhile. Replicas may sweep at once: the second waits for the first's accounts and then finds nothing open.
create function billing.expire(p_now timestamptz, p_limit int, out r_found int, out r_expired int)
language plpgsql as $$
declare
    v_due text[];
    v_account_ids text[];
begin
    select array_agg(d.request_id), array_agg(d.account_id), count(*) into v_due, v_account_ids, r_found
    from (select h.request_id, h.account_id from billing.holds h
          where h.state = 'open' and h.expires_at <= p_now order by h.expires_at limit p_limit) d;

    perform from billing.accounts a where a.id = any (v_account_ids) order by a.id for update;

    with expired as (
        update billing.holds h set state = 'expired', closed_at = p_now
        where h.request_id = any (v_due) and h.state = 'open' and h.expires_at <= p_now
        returning h.account_id, h.amount),
    freed as (select account_id, sum(amount)::bigint amount, count(*) holds from expired group by account_id),
    given as (update billing.accounts a set held = a.held - f.amount from freed f where a.id = f.account_id)
    select coalesce(sum(holds), 0) into r_expired from freed;
end
$$;
