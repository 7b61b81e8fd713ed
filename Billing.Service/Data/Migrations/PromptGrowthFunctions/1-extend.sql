-- The earlier function stays for replicas of the version before, until they are gone.
-- Grows holds, each whole or not at all, within the balance and within the limits that the hold was made with, in the windows that it
-- was made in. Outcomes: held (the hold as it stands: one that covers the bounds already is left as it is, so a repetition changes
-- nothing), closed, grown (one of its bounds is larger than p_amounts was reckoned for, the other smaller: nothing is decided),
-- insufficient (the account's figures as decided on, r_amount and r_counted_tokens what is held for this call). No row
-- for a request id without a hold. r_windows: as billing.hold's, of a refused line whose hold has r_limits.
create function billing.extend(p_request_ids text[], p_amounts bigint[], p_output_tokens bigint[], p_prompt_tokens bigint[])
returns table (
    r_item int, r_outcome text, r_amount bigint, r_output_tokens bigint, r_expires_at timestamptz, r_balance bigint, r_held bigint,
    r_overdraft bigint, r_bounded boolean, r_counted_tokens bigint, r_created_at timestamptz, r_limits bigint[], r_windows bigint[])
language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
    v_account_ids text[];
    v_account record;
    v_wanted record;
    v_hold billing.holds;
    v_held bigint;
    v_more bigint;
    v_tokens bigint;
    v_fits boolean;
    v_w bigint[];
begin
    -- As with a hold: what a crash of the database loses of it frees money and spends none.
    perform set_config('synchronous_commit', 'off', true);

    -- A hold's account never changes, so it may be read before the lock.
    select array_agg((select h.account_id from billing.holds h where h.request_id = u.request_id) order by u.item)
    into v_account_ids
    from unnest(p_request_ids) with ordinality u (request_id, item);

    for v_account in
        select a.id, a.balance, a.held, a.overdraft from billing.accounts a where a.id = any (v_account_ids) order by a.id for update
    loop
        v_held := v_account.held;
        for v_wanted in
            select w.*
            from unnest(p_request_ids, v_account_ids, p_amounts, p_output_tokens, p_prompt_tokens)
                with ordinality w (request_id, account_id, amount, output_tokens, prompt_tokens, item)
            where w.account_id = v_account.id order by w.item
        loop
            r_item := v_wanted.item;
            r_windows := null;
            select h.* into v_hold from billing.holds h where h.request_id = v_wanted.request_id;
            v_more := greatest(v_wanted.amount - v_hold.amount, 0);
            v_tokens := greatest(v_wanted.prompt_tokens + v_wanted.output_tokens - v_hold.counted_tokens, 0);
            if v_hold.state <> 'open' then
                r_outcome := 'closed';
            elsif v_hold.output_tokens >= v_wanted.output_tokens and v_hold.prompt_tokens >= v_wanted.prompt_tokens then
                r_outcome := 'held';
            elsif v_hold.output_tokens > v_wanted.output_tokens or v_hold.prompt_tokens > v_wanted.prompt_tokens then
                r_outcome := 'grown';
            else
                v_fits := v_account.balance - v_held >= v_more - v_account.overdraft;
                if v_hold.limits is not null then
                    select array_agg(k.used_tokens order by k.place) || array_agg(k.held_tokens order by k.place)
                        || array_agg(k.used_cost order by k.place) || array_agg(k.held_cost order by k.place)
                    into v_w
                    from (select x.*, array_position(array['total', 'day', 'month'], x.kind) place
                          from billing.windows(v_hold.created_at) t cross join lateral (
                              select y.* from billing.key_windows y
                              where y.account_id = v_hold.account_id and y.key_id = coalesce(v_hold.key_id, '') and y.kind = t.kind
                                  and y.starts = t.starts limit 1) x) k;
                    v_fits := v_fits
                        and coalesce(v_tokens <= least(
                            v_hold.limits[1] - v_w[1] - v_w[4], v_hold.limits[2] - v_w[2] - v_w[5], v_hold.limits[3] - v_w[3] - v_w[6]), true)
                        and (v_more = 0 or coalesce(v_more <= least(
                            v_hold.limits[4] - v_w[7] - v_w[10], v_hold.limits[5] - v_w[8] - v_w[11], v_hold.limits[6] - v_w[9] - v_w[12]), true));
                end if;
                if v_fits then
                    if v_hold.limits is not null then
                        update billing.key_windows k set held_tokens = k.held_tokens + v_tokens, held_cost = k.held_cost + v_more
                        from billing.windows(v_hold.created_at) t
                        where k.account_id = v_hold.account_id and k.key_id = coalesce(v_hold.key_id, '') and k.kind = t.kind
                            and k.starts = t.starts;
                    end if;
                    update billing.holds h set amount = h.amount + v_more, output_tokens = v_wanted.output_tokens,
                        prompt_tokens = v_wanted.prompt_tokens,
                        counted_tokens = case when h.limits is null then 0 else h.counted_tokens + v_tokens end
                    where h.request_id = v_wanted.request_id
                    returning * into v_hold;
                    v_held := v_held + v_more;
                    r_outcome := 'held';
                else
                    r_outcome := 'insufficient';
                    r_windows := case when v_hold.limits is not null then v_w end;
                end if;
            end if;
            r_amount := v_hold.amount;
            r_output_tokens := v_hold.output_tokens;
            r_expires_at := v_hold.expires_at;
            r_bounded := v_hold.bounded;
            r_counted_tokens := v_hold.counted_tokens;
            r_created_at := v_hold.created_at;
            r_limits := v_hold.limits;
            r_balance := v_account.balance;
            r_held := v_held;
            r_overdraft := v_account.overdraft;
            return next;
        end loop;
        update billing.accounts a set held = v_held where a.id = v_account.id and a.held <> v_held;
    end loop;
end
$$;
