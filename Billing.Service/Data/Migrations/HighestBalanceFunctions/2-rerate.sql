-- Gives charges another cost, by what is between it and the last one, and remembers it. Left alone is a line whose charge was given
-- another one since it was read (p_previous); one that was refunded, since what was given back was reckoned from the cost as it stood; and
-- one whose difference would bring the balance beyond its bound.
-- What a dearer price asks for is taken from what is available, and the rest is written off; what a cheaper one gives back makes good
-- an earlier write-off first. The differences go to the days and windows of the calls.
create or replace function billing.rerate(
    p_request_ids text[], p_previous bigint[], p_price_versions bigint[], p_costs bigint[], p_provider_costs bigint[],
    p_now timestamptz)
returns table (r_item int, r_adjusted boolean, r_more bigint, r_amount bigint, r_written_off bigint)
language plpgsql as $$
declare
    -- As CK_accounts_highest.
    c_highest constant bigint := 8000000000000000000;
    v_account_ids text[];
    v_account record;
    v_line record;
    v_charge billing.charges;
    v_last billing.reratings;
    v_balance bigint;
    v_before bigint;
    v_written_off bigint;
    v_back bigint;
    v_provider bigint;
    v_recounted text[];
    v_costs bigint[];
    v_written_offs bigint[];
    v_providers bigint[];
begin
    select array_agg((select c.account_id from billing.charges c where c.request_id = u.request_id) order by u.item)
    into v_account_ids
    from unnest(p_request_ids) with ordinality u (request_id, item);

    for v_account in
        select a.id, a.balance, a.held, a.overdraft from billing.accounts a where a.id = any (v_account_ids) order by a.id for update
    loop
        v_balance := v_account.balance;
        for v_line in
            select u.*
            from unnest(p_request_ids, v_account_ids, p_previous, p_price_versions, p_costs, p_provider_costs)
                with ordinality u (request_id, account_id, previous, price_version, cost, provider_cost, item)
            where u.account_id = v_account.id order by u.item
        loop
            select c.* into v_charge from billing.charges c where c.request_id = v_line.request_id;
            select r.* into v_last from billing.reratings r
            where r.request_id = v_line.request_id order by r.id desc limit 1;
            r_item := v_line.item;
            r_adjusted := coalesce(v_last.id, 0) = v_line.previous
                and not exists (select from billing.bookings b where b.request_id = v_line.request_id)
                and (v_line.cost >= coalesce(v_last.cost, v_charge.cost)
                    or v_balance::numeric + coalesce(v_last.cost, v_charge.cost) - v_line.cost <= c_highest);
            r_more := v_line.cost - coalesce(v_last.cost, v_charge.cost);
            r_amount := 0;
            r_written_off := 0;
            if r_adjusted then
                v_before := v_balance;
                v_written_off := coalesce(v_last.written_off, v_charge.written_off);
                if r_more > 0 then
                    r_written_off := greatest(r_more - (v_balance - v_account.held + v_account.overdraft), 0);
                    if r_written_off > 0 then
                        perform billing.post('write_off', v_account.id, v_line.request_id, v_charge.requested_model,
                            v_line.price_version, 'platform', 'customer', r_written_off, v_balance + r_written_off, p_now);
                    end if;
                    v_balance := v_balance + r_written_off - r_more;
                    perform billing.post('adjustment', v_account.id, v_line.request_id, v_charge.requested_model,
                        v_line.price_version, 'customer', 'revenue', r_more, v_balance, p_now);
                elsif r_more < 0 then
                    v_balance := v_balance - r_more;
                    perform billing.post('adjustment', v_account.id, v_line.request_id, v_charge.requested_model,
                        v_line.price_version, 'revenue', 'customer', -r_more, v_balance, p_now);
                    v_back := least(v_written_off, -r_more);
                    if v_back > 0 then
                        v_balance := v_balance - v_back;
                        r_written_off := -v_back;
                        perform billing.post('write_off', v_account.id, v_line.request_id, v_charge.requested_model,
                            v_line.price_version, 'customer', 'platform', v_back, v_balance, p_now);
                    end if;
                end if;
                v_provider := v_line.provider_cost - coalesce(v_last.provider_cost, v_charge.provider_cost);
                if v_provider > 0 then
                    perform billing.post('provider_cost', v_account.id, v_line.request_id, v_charge.requested_model,
                        v_line.price_version, 'platform', 'provider_cost', v_provider, v_balance, p_now);
                elsif v_provider < 0 then
                    perform billing.post('provider_cost', v_account.id, v_line.request_id, v_charge.requested_model,
                        v_line.price_version, 'provider_cost', 'platform', -v_provider, v_balance, p_now);
                end if;
                r_amount := v_balance - v_before;
                insert into billing.reratings (
                    request_id, account_id, price_version, cost, provider_cost, written_off, amount, created_at)
                values (
                    v_line.request_id, v_account.id, v_line.price_version, v_line.cost, v_line.provider_cost,
                    v_written_off + r_written_off, r_amount, p_now);
                v_recounted := v_recounted || v_line.request_id;
                v_costs := v_costs || r_more;
                v_written_offs := v_written_offs || r_written_off;
                v_providers := v_providers || v_provider;
            end if;
            return next;
        end loop;
        update billing.accounts a set balance = v_balance where a.id = v_account.id and a.balance <> v_balance;
    end loop;

    if v_recounted is not null then
        perform billing.recount(v_recounted, v_costs, v_written_offs, v_providers);
    end if;
end
$$;
