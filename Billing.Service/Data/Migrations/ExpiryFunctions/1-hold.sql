-- Sets money and tokens aside, by the account's balance and the limits of the call's key together. Outcomes: held (now or by an earlier
-- call with this request id: the hold as it stands), closed, insufficient (the figures as decided on), foreign (the request id is another
-- account's).
--
-- Money is strict: what is held fits in the balance and in each window's budget, even one that was exceeded if it is nothing. Tokens are refused only when a window has none left;
-- otherwise the output bound shrinks to what is left, though not below p_min_output_tokens. An account with an overdraft holds
-- p_estimates, which its calls may exceed.
--
-- p_limits: empty without any; else null or six for each line, as an array's text: tokens in all, a day and a month, nano-dollars
-- likewise, null without that limit. r_windows, of a line with limits that was refused: in the same order what is used and held of
-- tokens (6), and of nano-dollars (6).
create or replace function billing.hold(
    p_request_ids text[], p_account_ids text[], p_key_ids text[], p_amounts bigint[], p_prompt_tokens bigint[],
    p_output_tokens bigint[], p_price_books bigint[], p_candidates jsonb[], p_markup_basis_points int, p_grant bigint,
    p_now timestamptz, p_expires_at timestamptz, p_estimates bigint[], p_min_output_tokens bigint[], p_limits text[])
returns table (
    r_item int, r_outcome text, r_amount bigint, r_output_tokens bigint, r_expires_at timestamptz,
    r_balance bigint, r_held bigint, r_overdraft bigint, r_bounded boolean, r_windows bigint[])
language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
    -- The accounts.
    v_ids text[];
    v_balances bigint[];
    v_helds bigint[];
    v_overdrafts bigint[];
    -- The lines: where the account is among them, the first line with the same request id, and the hold that was there before.
    v_places int[];
    v_firsts int[];
    v_owners text[];
    v_states text[];
    v_amounts bigint[];
    v_output_tokens bigint[];
    v_expiries timestamptz[];
    v_bounded boolean[];
    -- The windows of the keys with limits, three a key; and each line's key among them.
    v_limited boolean := cardinality(p_limits) > 0;
    v_keys int[];
    v_window_accounts text[];
    v_window_keys text[];
    v_window_kinds text[];
    v_window_starts date[];
    v_used_tokens bigint[];
    v_held_tokens bigint[];
    v_used_costs bigint[];
    v_held_costs bigint[];
    -- What was decided. v_makers: the line that makes the hold of a request id, at the first line that names it.
    v_lines int := cardinality(p_request_ids);
    v_outcomes text[] := array_fill(null::text, array[v_lines]);
    v_account_balances bigint[] := array_fill(null::bigint, array[v_lines]);
    v_account_helds bigint[] := array_fill(null::bigint, array[v_lines]);
    v_account_overdrafts bigint[] := array_fill(null::bigint, array[v_lines]);
    v_counted_tokens bigint[] := array_fill(0::bigint, array[v_lines]);
    v_figures text[] := array_fill(null::text, array[v_lines]);
    v_makes boolean[] := array_fill(false, array[v_lines]);
    v_makers int[] := array_fill(0, array[v_lines]);
    v_making int := 0;
    v_made int;
    v_maker int;
    v_place int;
    v_window int;
    v_limits bigint[];
    v_amount bigint;
    v_output bigint;
    v_left bigint;
    v_fits boolean;
begin
    -- A hold that a crash of the database loses frees money and spends none. A settlement's commit is durable, and
    -- makes every commit before it durable too.
    perform set_config('synchronous_commit', 'off', true);
    perform billing.open_accounts(p_account_ids, p_grant, p_now);

    select array_agg(a.id), array_agg(a.balance), array_agg(a.held), array_agg(a.overdraft)
    into v_ids, v_balances, v_helds, v_overdrafts
    from (select x.id, x.balance, x.held, x.overdraft from billing.accounts x
          where x.id = any (p_account_ids) order by x.id for update) a;

    select array_agg(array_position(v_ids, l.account_id)), array_agg(l.first), array_agg(l.owner), array_agg(l.state),
        array_agg(l.amount), array_agg(l.output_tokens), array_agg(l.expires_at), array_agg(l.bounded)
    into v_places, v_firsts, v_owners, v_states, v_amounts, v_output_tokens, v_expiries, v_bounded
    from (select w.account_id, min(w.item) over (partition by w.request_id) first, h.account_id owner, h.state, h.amount,
              h.output_tokens, h.expires_at, h.bounded
          from unnest(p_request_ids, p_account_ids) with ordinality w (request_id, account_id, item)
          left join lateral (select x.* from billing.holds x where x.request_id = w.request_id limit 1) h on true
          order by w.item) l;

    if v_limited then
        perform billing.open_windows(p_account_ids, p_key_ids, p_limits, p_now);

        select array_agg(l.place order by l.item) into v_keys
        from (select u.item, dense_rank() over (partition by u.limits is null order by u.account_id, coalesce(u.key_id, '')) place
              from unnest(p_account_ids, p_key_ids, p_limits) with ordinality u (account_id, key_id, limits, item)) l;

        select array_agg(w.account_id), array_agg(w.key_id), array_agg(w.kind), array_agg(w.starts), array_agg(w.used_tokens),
            array_agg(w.held_tokens), array_agg(w.used_cost), array_agg(w.held_cost)
        into v_window_accounts, v_window_keys, v_window_kinds, v_window_starts, v_used_tokens, v_held_tokens, v_used_costs, v_held_costs
        from (select x.*
              from (select distinct u.account_id, coalesce(u.key_id, '') key_id
                    from unnest(p_account_ids, p_key_ids, p_limits) u (account_id, key_id, limits) where u.limits is not null) k
              cross join lateral billing.windows(p_now) t
              cross join lateral (
                  select y.* from billing.key_windows y
                  where y.account_id = k.account_id and y.key_id = k.key_id and y.kind = t.kind and y.starts = t.starts limit 1) x
              order by x.account_id, x.key_id, array_position(array['total', 'day', 'month'], x.kind)) w;
    end if;

    for i in 1 .. v_lines loop
        v_place := v_places[i];
        v_maker := v_makers[v_firsts[i]];
        if v_maker > 0 then
            v_outcomes[i] := case when v_places[v_maker] = v_place then 'held' else 'foreign' end;
            v_amounts[i] := v_amounts[v_maker];
            v_output_tokens[i] := v_output_tokens[v_maker];
            v_bounded[i] := v_bounded[v_maker];
            v_expiries[i] := p_expires_at;
        elsif v_states[i] is not null then
            v_outcomes[i] := case
                when v_owners[i] <> p_account_ids[i] then 'foreign'
                when v_states[i] = 'open' then 'held'
                else 'closed' end;
        else
            v_bounded[i] := v_overdrafts[v_place] = 0;
            v_amount := case when v_bounded[i] then p_amounts[i] else p_estimates[i] end;
            v_output := p_output_tokens[i];
            v_fits := v_balances[v_place] - v_helds[v_place] >= v_amount - v_overdrafts[v_place];
            if p_limits[i] is not null then
                v_limits := p_limits[i]::bigint[];
                v_window := v_keys[i] * 3 - 2;
                -- Of several limits the tightest; least() passes over what is null.
                v_left := least(
                    v_limits[1] - v_used_tokens[v_window] - v_held_tokens[v_window],
                    v_limits[2] - v_used_tokens[v_window + 1] - v_held_tokens[v_window + 1],
                    v_limits[3] - v_used_tokens[v_window + 2] - v_held_tokens[v_window + 2]);
                v_fits := v_fits and coalesce(v_left > 0, true) and (v_amount = 0 or coalesce(v_amount <= least(
                    v_limits[4] - v_used_costs[v_window] - v_held_costs[v_window],
                    v_limits[5] - v_used_costs[v_window + 1] - v_held_costs[v_window + 1],
                    v_limits[6] - v_used_costs[v_window + 2] - v_held_costs[v_window + 2]), true));
                if v_fits then
                    v_output := greatest(least(v_output, v_left - p_prompt_tokens[i]), p_min_output_tokens[i]);
                    v_counted_tokens[i] := least(p_prompt_tokens[i] + v_output, v_left);
                    for w in v_window .. v_window + 2 loop
                        v_held_tokens[w] := v_held_tokens[w] + v_counted_tokens[i];
                        v_held_costs[w] := v_held_costs[w] + v_amount;
                    end loop;
                else
                    v_figures[i] := (v_used_tokens[v_window : v_window + 2] || v_held_tokens[v_window : v_window + 2]
                        || v_used_costs[v_window : v_window + 2] || v_held_costs[v_window : v_window + 2])::text;
                end if;
            end if;
            if v_fits then
                v_outcomes[i] := 'held';
                v_amounts[i] := v_amount;
                v_output_tokens[i] := v_output;
                v_expiries[i] := p_expires_at;
                v_helds[v_place] := v_helds[v_place] + v_amount;
                v_makes[i] := true;
                v_makers[v_firsts[i]] := i;
                v_making := v_making + 1;
            else
                v_outcomes[i] := 'insufficient';
            end if;
        end if;
        v_account_balances[i] := v_balances[v_place];
        v_account_helds[i] := v_helds[v_place];
        v_account_overdrafts[i] := v_overdrafts[v_place];
    end loop;

    if v_making > 0 then
        -- In the order of their ids, lest two statements that name the same ones lock each other out.
        insert into billing.holds (
            request_id, account_id, key_id, amount, prompt_tokens, output_tokens, price_book, candidates, markup_basis_points, state,
            created_at, expires_at, bounded, limits, counted_tokens)
        select u.request_id, u.account_id, u.key_id, u.amount, u.prompt_tokens, u.output_tokens, u.price_book, u.candidates,
            p_markup_basis_points, 'open', p_now, p_expires_at, u.bounded, u.limits::bigint[], u.counted_tokens
        from unnest(
            p_request_ids, p_account_ids, p_key_ids, v_amounts, p_prompt_tokens, v_output_tokens, p_price_books, p_candidates, v_bounded,
            p_limits, v_counted_tokens, v_makes)
            u (request_id, account_id, key_id, amount, prompt_tokens, output_tokens, price_book, candidates, bounded, limits,
                counted_tokens, makes)
        where u.makes order by u.request_id
        on conflict (request_id) do nothing;
        get diagnostics v_made = row_count;

        if v_made < v_making then
            -- The accounts' locks keep their own repetitions out, not another account that came with the same request id meanwhile.
            for i in 1 .. v_lines loop
                if v_makers[v_firsts[i]] > 0 and not exists (
                    select from billing.holds h where h.request_id = p_request_ids[i] and h.account_id = p_account_ids[i])
                then
                    v_outcomes[i] := 'foreign';
                    if v_makes[i] then
                        v_helds[v_places[i]] := v_helds[v_places[i]] - v_amounts[i];
                        if p_limits[i] is not null then
                            for w in v_keys[i] * 3 - 2 .. v_keys[i] * 3 loop
                                v_held_tokens[w] := v_held_tokens[w] - v_counted_tokens[i];
                                v_held_costs[w] := v_held_costs[w] - v_amounts[i];
                            end loop;
                        end if;
                    end if;
                end if;
            end loop;
        end if;

        update billing.accounts a set held = u.held
        from unnest(v_ids, v_helds) u (id, held) where a.id = u.id and a.held <> u.held;

        if v_limited then
            update billing.key_windows k set held_tokens = u.held_tokens, held_cost = u.held_cost
            from unnest(v_window_accounts, v_window_keys, v_window_kinds, v_window_starts, v_held_tokens, v_held_costs)
                u (account_id, key_id, kind, starts, held_tokens, held_cost)
            where k.account_id = u.account_id and k.key_id = u.key_id and k.kind = u.kind and k.starts = u.starts
                and (k.held_tokens, k.held_cost) <> (u.held_tokens, u.held_cost);
        end if;
    end if;

    return query
    select u.item::int, u.outcome, u.amount, u.output_tokens, u.expires_at, u.balance, u.held, u.overdraft, u.bounded,
        u.figures::bigint[]
    from unnest(
        v_outcomes, v_amounts, v_output_tokens, v_expiries, v_account_balances, v_account_helds, v_account_overdrafts, v_bounded, v_figures)
        with ordinality u (outcome, amount, output_tokens, expires_at, balance, held, overdraft, bounded, figures, item);
end
$$;
